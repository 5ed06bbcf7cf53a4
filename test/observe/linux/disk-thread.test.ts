import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDiskThread, type DiskThread, siblingModule } from '../../../src/observe/linux/disk-thread.ts';
import type { operations } from '../../fixtures/disk-thread-entry.ts';

let thread: DiskThread<typeof operations>;
let folder: string;
const unhurried = new AbortController().signal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'disk-thread-'));
  thread = createDiskThread(siblingModule(import.meta.url, '../../fixtures/disk-thread-entry'));
});

afterEach(async () => {
  await thread.close();
  rmSync(folder, { recursive: true });
});

function fifo(): string {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

test('operations run in one other thread', async () => {
  expect(await thread.call('double', 21, unhurried)).toBe(42);
  const first = await thread.call('thread', undefined, unhurried);
  expect(first).not.toBe(0);
  expect(await thread.call('thread', undefined, unhurried)).toBe(first);
});

test("an operation's system error keeps its code", async () => {
  await expect(thread.call('missing', join(folder, 'nothing'), unhurried)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a call that hangs delays only those who wait for it, and only until their deadline', async () => {
  const path = fifo();
  await expect(thread.call('block', path, AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(thread.waitingSeconds()).toBeGreaterThan(0);
  // The second caller joins the first call: once the disk lets go, nothing is queued behind.
  const second = thread.call('block', path, unhurried);
  await writeFile(path, '');
  expect(await second).toBe(true);
  expect(thread.waitingSeconds()).toBe(0);
  expect(await thread.call('double', 1, unhurried)).toBe(2);
});

test('a thread that died is started again by the next call', async () => {
  await expect(thread.call('die', undefined, unhurried)).rejects.toMatchObject({ code: 'DISK_THREAD_ENDED' });
  expect(await thread.call('double', 2, unhurried)).toBe(4);
});

test('closing says when a call hangs in the kernel, and when not', async () => {
  const path = fifo();
  const hung = thread.call('block', path, unhurried).catch((error: unknown) => error);
  await vi.waitFor(() => expect(existsSync(`${path}.reached`)).toBe(true), { timeout: 40_000 });
  expect(await thread.close(100)).toBe(false);
  await writeFile(path, '');
  expect(await hung).toMatchObject({ code: 'DISK_THREAD_ENDED' });
  expect(await thread.close(40_000)).toBe(true);
  await expect(thread.call('double', 1, unhurried)).rejects.toMatchObject({ code: 'DISK_THREAD_ENDED' });
});
