import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';

/** Ends the demo's processes when the demo itself has been killed. */
export interface Watchdog {
  /** Tells the watchdog that nothing is left to do, and waits until it has ended. */
  dismiss(): Promise<void>;
}

/** The watchdog's program, compiled or not as this one is. */
const program = join(import.meta.dirname, `watchdog-process${extname(import.meta.filename)}`);

/**
 * Starts the watchdog of the processes that carry the mark `run`, in a session of its own; it removes `folder`, if
 * given, when it has had to step in. A watchdog that is killed is started again.
 */
export function startWatchdog(run: string, folder: string | undefined): Watchdog {
  let dismissed = false;
  let dog = spawnDog();

  function spawnDog(): ChildProcess {
    const args = [program, run, ...(folder === undefined ? [] : [folder])];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    child.stdin?.on('error', () => undefined);
    child.once('error', () => undefined);
    child.once('exit', () => {
      if (!dismissed) {
        dog = spawnDog();
      }
    });
    return child;
  }

  return {
    async dismiss() {
      dismissed = true;
      if (dog.exitCode === null && dog.signalCode === null) {
        const gone = once(dog, 'exit');
        dog.stdin?.end('stopped\n');
        await gone;
      }
    },
  };
}
