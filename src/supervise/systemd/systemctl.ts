import { execFile } from 'node:child_process';
import { AgentError } from '../../cluster/agent-error.ts';

/** Calls of systemd's programs about one unit. */
export interface Systemctl {
  /** Runs `systemctl` and gives what it printed. Throws an AgentError `SUPERVISE_…` that explains what went wrong. */
  call(args: readonly string[], signal: AbortSignal): Promise<string>;
  /** The last lines that a run of the unit has written to the journal; empty where they cannot be read. */
  journalTail(run: UnitRun, signal: AbortSignal): Promise<string>;
}

/** One run of the unit. */
export interface UnitRun {
  readonly invocationId: string;
  /** Of its main process; undefined where nobody has seen it. */
  readonly pid: number | undefined;
}

/** Where the programs are; names are looked for on `PATH`. */
export interface SystemctlOptions {
  readonly unit: string;
  readonly systemctl: string;
  readonly journalctl: string;
}

/** Etcd says in its last lines why it ends; a stack may follow them. */
const journalLines = 100;

/** No call waits for a job of systemd, so one that takes this long has met a systemd that hangs. */
const callTimeoutMs = 60_000;

/** Calls through `systemctl` and `journalctl`, without a shell. */
export function systemctlCalls({ unit, systemctl, journalctl }: SystemctlOptions): Systemctl {
  return {
    call: async (args, signal) => {
      const { stdout, stderr, error } = await run(systemctl, args, signal);
      if (error === undefined) return stdout;
      signal.throwIfAborted();
      throw explained(`systemctl ${args.join(' ')}`, unit, stderr, error);
    },
    journalTail: async ({ invocationId, pid }, signal) => {
      const options = ['--no-pager', '--output=cat', '--boot', `--lines=${journalLines}`];
      // Journald looks the id of the run up when it takes a line in: where the process has ended by then, the line has none (11 of 42 quick ends, systemd 252).
      const byPid = pid === undefined ? [] : ['+', `_SYSTEMD_UNIT=${unit}`, `_PID=${pid}`];
      const { stdout } = await run(
        journalctl,
        [...options, `_SYSTEMD_INVOCATION_ID=${invocationId}`, ...byPid],
        signal,
      );
      return stdout;
    },
  };
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly error?: Error;
}

function run(program: string, args: readonly string[], signal: AbortSignal): Promise<Ran> {
  // Words in English and times in UTC, since they are read.
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC', SYSTEMD_COLORS: '0', SYSTEMD_PAGER: '' };
  const options = { signal, env, timeout: callTimeoutMs, maxBuffer: 4 << 20 };
  return new Promise((resolve) => {
    execFile(program, [...args], options, (error, stdout, stderr) => {
      resolve({ stdout, stderr, ...(error === null ? {} : { error }) });
    });
  });
}

interface Explanation {
  readonly says: RegExp;
  readonly code: string;
  readonly meaning: string;
  readonly remedy: string;
}

/** What systemctl (219 to 257) says, and what it means. The first that matches counts. */
const explanations: readonly Explanation[] = [
  {
    says: /not been booted with systemd|Failed to connect to (the )?(system )?bus|Failed to connect to system scope bus/i,
    code: 'SUPERVISE_NO_SYSTEMD',
    meaning: 'systemd does not answer here',
    remedy:
      'run the agent on the host itself, or in a container that has /run/systemd and /run/dbus of the host; or set another supervise.kind',
  },
  {
    says: /Access denied|Permission denied|authentication required|Operation not permitted|Not authorized/i,
    code: 'SUPERVISE_NO_RIGHT',
    meaning: 'the agent has no right to do that',
    remedy:
      "run the agent as root, or give its user the polkit action org.freedesktop.systemd1.manage-units for etcd's unit",
  },
  {
    says: /is masked/i,
    code: 'SUPERVISE_UNIT_MASKED',
    meaning: 'somebody has masked the unit, so that nobody can start it',
    remedy: 'systemctl unmask it, if etcd is to run here',
  },
  {
    says: /bad unit file setting|bad-setting|Invalid argument/i,
    code: 'SUPERVISE_UNIT_BAD',
    meaning: 'systemd cannot read the unit',
    remedy: 'systemd-analyze verify the unit and correct it',
  },
  {
    says: /not found|not loaded|No such file or directory/i,
    code: 'SUPERVISE_UNIT_UNKNOWN',
    meaning: 'systemd does not know the unit',
    remedy: "set supervise.systemd.unit to the name of etcd's unit: systemctl list-units shows it",
  },
];

function explained(tried: string, unit: string, stderr: string, cause: Error): AgentError {
  if ('code' in cause && cause.code === 'ENOENT') {
    const remedy = 'install systemd, or set another supervise.kind';
    return new AgentError('SUPERVISE_NO_SYSTEMCTL', `${tried}: there is no such program`, { remedy, cause });
  }
  const said = stderr.trim().split('\n').slice(0, 3).join(' ') || cause.message;
  const known = explanations.find(({ says }) => says.test(stderr));
  const message = known === undefined ? said : `${known.meaning} (${said})`;
  const remedy = known?.remedy ?? `look at systemctl status ${unit}`;
  return new AgentError(known?.code ?? 'SUPERVISE_SYSTEMCTL_FAILED', `${tried}: ${message}`, { remedy, cause });
}
