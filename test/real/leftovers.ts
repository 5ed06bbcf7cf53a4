import { readdirSync, readFileSync } from 'node:fs';

/** The environment variable by which processes that the tests started are known; all children inherit it. */
export const runMark = 'CARETAKER_TEST_RUN';

/** A process that outlived its test. */
export type Leftover = { readonly pid: number; readonly command: string };

/**
 * Processes that carry the mark of this test run and are etcd, strace or a part of etcd-caretaker itself: nothing of
 * that may be left when a test has ended.
 */
export const findLeftovers = (run: string): Leftover[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const environment = read(`/proc/${name}/environ`).split('\0');
      const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim();
      const ours = environment.includes(`${runMark}=${run}`) && isOurs(command);
      return ours ? [{ pid: Number(name), command }] : [];
    });

/** A worker of vitest, which lies in a `dist` too, may take a moment to end: that is vitest's own business. */
const isOurs = (command: string): boolean =>
  /(^|\/)(etcd|strace) /.test(command) ||
  (/(src|dist|test\/chaos)\/([\w-]+\/)?[\w-]+\.[tj]s/.test(command) && !command.includes('/node_modules/vitest/'));

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
};
