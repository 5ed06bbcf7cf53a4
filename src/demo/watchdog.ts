import { type ChildProcess, spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Ends the demo's processes when the demo itself has been killed. */
export interface Watchdog {
  /** Tells the watchdog that nothing is left to do, and waits until it has ended. */
  dismiss(): Promise<void>;
}

const firstDelayMs = 250;
const longestDelayMs = 10_000;
/** A watchdog that lived as long as this was well: the next one is started at once again. */
const settledAfterMs = 30_000;

/** The watchdog's program, compiled or not as this one is. */
const program = join(import.meta.dirname, `watchdog-process${extname(import.meta.filename)}`);

/**
 * Starts the watchdog of the processes that carry the mark `run`, in a session of its own; when it has had to step in, it
 * takes their ids out of `demoFile` and removes `folder`, if given. One that is killed or cannot be started is started again, later and later while that
 * goes on, and `say` gets a line about it. `command` stands in for the watchdog's own in tests.
 */
export function startWatchdog(
  run: string,
  { demoFile, folder }: { readonly demoFile: string; readonly folder: string | undefined },
  say: (line: string) => void,
  command: readonly [string, ...string[]] = [process.execPath, program],
): Watchdog {
  const dismissed = new AbortController();
  const { signal } = dismissed;
  let dog: ChildProcess | undefined;

  const watch = async (): Promise<void> => {
    for (let delayMs = firstDelayMs; !signal.aborted; delayMs = Math.min(2 * delayMs, longestDelayMs)) {
      const startedAt = performance.now();
      const [file, ...args] = command;
      dog = spawn(file, [...args, run, demoFile, ...(folder === undefined ? [] : [folder])], {
        stdio: ['pipe', 'ignore', 'ignore'],
        detached: true,
      });
      const how = await endOf(dog);
      if (signal.aborted) {
        return;
      }
      if (performance.now() - startedAt > settledAfterMs) {
        delayMs = firstDelayMs;
      }
      say(
        `the watchdog ${how}, started again in ${delayMs / 1000} s; until then, killing the demo leaves its processes`,
      );
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    }
  };

  const work = watch();
  return {
    async dismiss() {
      dismissed.abort();
      dog?.stdin?.end('stopped\n');
      await work;
    },
  };
}

/** How it has ended, or why it could not be started. */
function endOf(dog: ChildProcess): Promise<string> {
  // It may have ended before it is told anything.
  dog.stdin?.on('error', () => undefined);
  return new Promise((resolve) => {
    dog.once('exit', (code, signal) => resolve(`has ended (${signal ?? `exit code ${code}`})`));
    dog.on('error', (error) => {
      // Without a process id nothing runs, and no exit is told.
      if (dog.pid === undefined) {
        resolve(`could not be started (${error.message})`);
      }
    });
  });
}
