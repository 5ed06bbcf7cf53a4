import { randomUUID } from 'node:crypto';
import { findLeftovers, runMark } from './leftovers.ts';

/** Marks the run before any worker starts; when all tests have ended, kills what they left running and fails. */
const setup = (): (() => void) => {
  const run = randomUUID();
  process.env[runMark] = run;
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
