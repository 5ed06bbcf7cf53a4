import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalStore } from '../../../src/backup/store/local.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import { allOf } from './all-of.ts';

/** Calls of the file system wait for it while it is set, as those of a network's do whose server is away. */
const mount: { hangs: Promise<void> | undefined } = vi.hoisted(() => ({ hangs: undefined }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const hanging =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await mount.hangs;
      return await call(...args);
    };
  return {
    ...real,
    ...{ lstat: hanging(real.lstat), unlink: hanging(real.unlink), readdir: hanging(real.readdir as never) },
    ...{ open: hanging(real.open), mkdir: hanging(real.mkdir) },
  };
});

describe('a folder whose file system hangs', () => {
  let folder: string;
  let store: LocalStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-hangs-'));
    store = new LocalStore(folder);
    await store.put('a', Buffer.from('a'));
  });
  afterEach(async () => await rm(folder, { recursive: true, force: true }));

  it.each<[string, (store: Store, signal: AbortSignal) => Promise<unknown>]>([
    ['put', (at, signal) => at.put('b', Buffer.from('b'), {}, signal)],
    ['get', (at, signal) => allOf(at.get('a', undefined, signal))],
    ['head', (at, signal) => at.head('a', signal)],
    ['list', (at, signal) => allOf(at.list('', {}, signal))],
    ['remove', (at, signal) => at.remove('a', signal)],
    ['removeAbandoned', (at, signal) => at.removeAbandoned(0, signal)],
  ])('keeps nobody who gives up: %s', async (_, call) => {
    const back = Promise.withResolvers<void>();
    mount.hangs = back.promise;
    const ending = new AbortController();
    const calling = call(store, ending.signal);
    ending.abort(new Error('the term is over'));
    await expect(calling).rejects.toThrow('the term is over');
    // No thread more for what does not answer.
    await expect(call(store, new AbortController().signal)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    mount.hangs = undefined;
    back.resolve();
    await vi.waitFor(async () => expect(await store.head('none')).toBeUndefined());
    // What was given up came to nothing.
    expect((await readdir(folder)).filter((name) => name !== 'a')).toEqual([]);
  });
});
