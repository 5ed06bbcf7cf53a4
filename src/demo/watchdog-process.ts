import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { forgetEnded } from './demo-file.ts';
import { endMarked, processIdentity } from './processes.ts';

/** How long the demo's processes have to end by themselves; with it, all are gone 5 s after the demo at the latest. */
const graceMs = 2_000;

/**
 * The watchdog: `watchdog-process RUN DEMOFILE [FOLDER]`. Its standard input is a pipe that only the demo holds; its end without
 * a word means that the demo has died, whatever killed it. Then everything with the mark RUN is ended, DEMOFILE names no
 * process any more, and the temporary FOLDER is removed.
 */
async function watch(run: string, demoFile: string, folder: string | undefined): Promise<void> {
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  process.on('SIGHUP', () => undefined);
  let word = '';
  for await (const piece of process.stdin) {
    word += String(piece);
  }
  if (word.includes('stopped')) {
    return;
  }
  await endMarked(run, graceMs);
  // A process that is ending has lost its mark a moment before it is gone.
  const gone = performance.now() + graceMs;
  while (forgetEnded(demoFile, (pid) => processIdentity(pid) !== undefined) > 0 && performance.now() < gone) {
    await sleep(50);
  }
  if (folder !== undefined) {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [run, demoFile, folder] = process.argv.slice(2);
if (run !== undefined && demoFile !== undefined) {
  await watch(run, demoFile, folder);
}
