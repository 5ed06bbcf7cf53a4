import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findPodProcess } from '../../../src/supervise/static-pod/pod-process.ts';

let procRoot: string;
beforeEach(() => {
  procRoot = mkdtempSync(join(tmpdir(), 'caretaker-proc-'));
});
afterEach(() => rmSync(procRoot, { recursive: true }));

const runs = (pid: number, ...words: readonly string[]): void => {
  const folder = join(procRoot, String(pid));
  mkdirSync(folder);
  writeFileSync(join(folder, 'comm'), 'etcd\n');
  writeFileSync(join(folder, 'cmdline'), ['etcd', ...words, ''].join('\0'));
  writeFileSync(join(folder, 'environ'), '');
  writeFileSync(join(folder, 'stat'), `${pid} (etcd) S ${'0 '.repeat(18)}${pid}00 0\n`);
};
const found = async (): Promise<number | undefined> =>
  (await findPodProcess({ dataDir: '/var/lib/etcd', memberName: 'cp-1', procRoot }, new AbortController().signal))?.pid;

test('an etcd of another pod that calls its data dir the same is not the member, by its name', async () => {
  runs(10, '--name=cp-1-events', '--data-dir=/var/lib/etcd');
  expect(await found()).toBeUndefined();
  runs(20, '--name=cp-1', '--data-dir=/var/lib/etcd/');
  expect(await found()).toBe(20);
});

test.each([
  ['its name, where it names no data dir', ['--name', 'cp-1']],
  ['its data dir, where it has no name', ['--data-dir', '/var/lib/etcd']],
])('the member is told by %s', async (_, words) => {
  runs(10, ...words);
  expect(await found()).toBe(10);
});

test.each([
  ['another data dir', ['--name=cp-1', '--data-dir=/var/lib/other']],
  ['neither of them', []],
])('an etcd with %s is not the member', async (_, words) => {
  runs(10, ...words);
  expect(await found()).toBeUndefined();
});
