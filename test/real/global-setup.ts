import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { findLeftovers, runMark } from './leftovers.ts';

/** Where Node keeps what it compiled: the tests start this program hundreds of times, in a third of the time so. */
const compileCache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'caretaker-tests');

/** Marks the run before any worker starts; when all tests have ended, kills what they left running and fails. */
const setup = (): (() => void) => {
  const run = randomUUID();
  process.env[runMark] = run;
  process.env['NODE_COMPILE_CACHE'] ??= compileCache;
  return () => {
    const leftovers = findLeftovers(run);
    for (const { pid } of leftovers) {
      process.kill(pid, 'SIGKILL');
    }
    if (leftovers.length > 0) {
      const list = leftovers.map(({ pid, command }) => `  ${pid} ${command}`).join('\n');
      process.exitCode = 1;
      throw new Error(`the tests left processes running (killed now):\n${list}`);
    }
  };
};

export default setup;
