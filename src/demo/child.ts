import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The environment variable by which the processes of one demo are known, the etcds of its agents too. */
export const demoMark = 'CARETAKER_DEMO_RUN';

/** A process of the demo: in a session of its own, so that Ctrl-C reaches only the demo, its output in a file. */
export interface DemoChild {
  readonly pid: number;
  readonly running: boolean;
  /** Settles when the process has ended, with how: `exit code 1` or `SIGKILL`. */
  readonly ended: Promise<string>;
  /** Asks the process to end and kills it if it has not done so within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a process whose output is appended to `logFile`. Throws the system's error where it cannot be started. */
export async function startChild(
  command: readonly [string, ...string[]],
  logFile: string,
  env: NodeJS.ProcessEnv,
): Promise<DemoChild> {
  const log = openSync(logFile, 'a', 0o600);
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: ['ignore', log, log], detached: true, env });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  return wrap(child);
}

function wrap(child: ChildProcess): DemoChild {
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return {
    pid: child.pid ?? 0,
    get running() {
      return isRunning();
    },
    ended,
    async stop(graceMs) {
      if (!isRunning()) {
        return;
      }
      child.kill('SIGTERM');
      // A process that is stopped (SIGSTOP) would take the signal only when it goes on.
      child.kill('SIGCONT');
      const tooLate = new AbortController();
      await Promise.race([ended, sleep(graceMs, undefined, { signal: tooLate.signal }).catch(() => undefined)]);
      tooLate.abort();
      if (isRunning()) {
        child.kill('SIGKILL');
        await ended;
      }
    },
  };
}
