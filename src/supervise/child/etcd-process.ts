import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessIdentity, processOf } from '../linux/process-table.ts';

/** How often a process that is not our child is looked at: nobody tells of its end. */
const pollMs = 200;

/** An etcd that runs, or has run, as a child of this agent or found by it. */
export interface EtcdProcess {
  readonly pid: number;
  /** Clock ticks after boot at which it was started; 0 where it had ended before this could be read. */
  readonly startTicks: number;
  readonly adopted: boolean;
  readonly running: boolean;
  /** Settles when it has ended, with how: `exit code 1`, `SIGKILL`; `unknown` where it was adopted. Never where it was let go of before. */
  readonly ended: Promise<string>;
  /** Sends a signal; does nothing where the process has ended, also where another one has its id by now. */
  signal(name: NodeJS.Signals): Promise<void>;
  /** Keeps this program from ending before the process has (`true`), or not (`false`, as it is at first). */
  hold(on: boolean): void;
  /** Looks no longer. The process goes on. */
  letGo(): void;
}

/** What `spawnEtcd` starts. */
export interface EtcdCommand {
  readonly program: string;
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Descriptor of the log, for both outputs. */
  readonly log: number;
}

/**
 * Starts etcd in a session of its own, so that neither a signal to the agent's group nor the agent's end reaches it; its
 * output goes into a file, not a pipe, whose end would kill it at its next line. Throws the system's error where it cannot be started.
 */
export async function spawnEtcd({ program, flags, env, log }: EtcdCommand): Promise<EtcdProcess> {
  const child = spawn(program, flags, { stdio: ['ignore', log, log], detached: true, env });
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  await new Promise<void>((started, failed) => {
    child.once('spawn', started);
    child.once('error', failed);
  });
  child.on('error', () => undefined);
  child.unref();
  const { startTicks = 0 } = (await processOf(child.pid ?? 0)) ?? {};
  return ownProcess(child, startTicks, ended);
}

function ownProcess(child: ChildProcess, startTicks: number, ended: Promise<string>): EtcdProcess {
  return {
    pid: child.pid ?? 0,
    startTicks,
    adopted: false,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    ended,
    // Its id is not given to another one before its end has been taken note of here.
    signal: async (name) => {
      child.kill(name);
    },
    hold: (on) => (on ? child.ref() : child.unref()),
    letGo: () => undefined,
  };
}

/** Watches an etcd that somebody else has started. */
export function adoptEtcd(identity: ProcessIdentity): EtcdProcess {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const letGo = new AbortController();
  let running = true;
  let held = false;
  const watch = async (): Promise<void> => {
    while (await isAlive(identity)) {
      await sleep(pollMs, undefined, { ref: held, signal: letGo.signal });
    }
    running = false;
    resolve('unknown');
  };
  watch().catch(() => undefined);
  return {
    pid: identity.pid,
    startTicks: identity.startTicks,
    adopted: true,
    get running() {
      return running;
    },
    ended,
    signal: async (name) => {
      // There is no file descriptor of a process in Node, so that this looks as late as it can.
      if (!(await isAlive(identity))) return;
      try {
        process.kill(identity.pid, name);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
    },
    hold: (on) => {
      held = on;
    },
    letGo: () => letGo.abort(),
  };
}
