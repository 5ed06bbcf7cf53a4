import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDataDir } from '../../../src/cli/doctor/readings/data-dir.ts';
import { directoryCalls } from '../../../src/observe/linux/directory-calls.ts';

let folder: string;
const unhurried = new AbortController().signal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caretaker-data-dir-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  [
    'a folder in which etcd has been',
    'member',
    () => mkdirSync(join(folder, 'it', 'member', 'wal'), { recursive: true }),
  ],
  ['nothing', 'missing', () => undefined],
  ['a folder without member/', 'no-member', () => mkdirSync(join(folder, 'it'))],
  ['a file', 'not-a-directory', () => writeFileSync(join(folder, 'it'), '')],
])('%s is said to be that', async (_, state, make) => {
  make();
  expect(await readDataDir(join(folder, 'it'), directoryCalls(), unhurried)).toBe(state);
});

test.each([
  ['the directory', ''],
  ['member/ in it', '/member'],
  ['what is in member/', '/member/wal'],
])('where the user has no right to %s it is unreadable', async (_, below) => {
  // Root, as which tests may run, has every right: so the refusal of the kernel is made up.
  const calls = {
    stat: async (path: string) => {
      if (path === `/data${below}`) throw Object.assign(new Error('permission denied'), { code: 'EACCES' });
      return { device: '8:1', inode: 1n, isDirectory: true };
    },
  };
  expect(await readDataDir('/data', calls, unhurried)).toBe('unreadable');
});
