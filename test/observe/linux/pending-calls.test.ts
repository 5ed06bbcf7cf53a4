import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { directoryCalls } from '../../../src/observe/linux/directory-calls.ts';
import { pendingCalls } from '../../../src/observe/linux/pending-calls.ts';

const unhurried = new AbortController().signal;

test('while a call hangs, no second one of its key is started, and those who wait may leave', async () => {
  const calls = pendingCalls();
  const disk = Promise.withResolvers<string>();
  let started = 0;
  const stat = () => {
    started += 1;
    return disk.promise;
  };
  for (let round = 0; round < 10; round += 1) {
    await expect(calls.run('stat /wal', stat, AbortSignal.timeout(5))).rejects.toMatchObject({ name: 'TimeoutError' });
  }
  expect(started).toBe(1);
  expect(calls.oldestSeconds()).toBeGreaterThan(0);
  expect(await calls.run('stat /data', () => Promise.resolve('other'), unhurried)).toBe('other');
  const waiting = calls.run('stat /wal', stat, unhurried);
  disk.resolve('answer');
  expect(await waiting).toBe('answer');
  expect(calls.oldestSeconds()).toBe(0);
  expect(await calls.run('stat /wal', () => Promise.resolve('next'), unhurried)).toBe('next');
});

test('a call that fails after everybody has left makes no noise, and the next one starts anew', async () => {
  const calls = pendingCalls();
  const disk = Promise.withResolvers<string>();
  await expect(calls.run('stat', () => disk.promise, AbortSignal.timeout(1))).rejects.toThrow();
  disk.reject(new Error('EIO'));
  expect(await calls.run('stat', () => Promise.resolve('well'), unhurried).catch(String)).toMatch(/EIO|well/);
  expect(await calls.run('stat', () => Promise.resolve('well'), unhurried)).toBe('well');
});

test('an aborted signal starts nothing', async () => {
  const reason = new Error('the agent stops');
  const call = pendingCalls().run('stat', () => Promise.reject(new Error('started')), AbortSignal.abort(reason));
  await expect(call).rejects.toBe(reason);
});

test('calls on one directory give what the kernel says, in turn', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'directory-calls-')));
  try {
    const calls = directoryCalls();
    symlinkSync(folder, join(folder, 'link'));
    const [found, real, space, missing] = await Promise.all([
      calls.stat(folder, unhurried),
      calls.realpath(join(folder, 'link'), unhurried),
      calls.statfs(folder, unhurried),
      calls.stat(join(folder, 'missing'), unhurried).catch((error: unknown) => error),
    ]);
    expect(found).toMatchObject({ device: expect.stringMatching(/^\d+:\d+$/), isDirectory: true });
    expect(real).toBe(folder);
    expect(space.sizeBytes).toBeGreaterThan(0);
    expect(missing).toMatchObject({ code: 'ENOENT' });
    expect(calls.waitingSeconds()).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
