import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilAborted } from '../../../src/abort/until-aborted.ts';
import { SpooledQueue } from '../../../src/backup/full/spooled-queue.ts';
import { takeFull } from '../../../src/backup/full/take-full.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import { mountSmallFilesystem } from '../../real/small-filesystem.ts';
import { alteredStore, bytesOf, keysOf } from '../altered-store.ts';
import { type FullFixture, startFixture } from './full-fixture.ts';

describe('a store that is slower than etcd', () => {
  let fixture: FullFixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  /** A store that takes nothing of the snapshot before `gate`. */
  function waiting(inner: Store, gate: Promise<void>): Store {
    return alteredStore(inner, {
      put: async (key, body, options, signal) => {
        await untilAborted(gate, signal);
        return inner.put(key, body, options, signal);
      },
    });
  }

  test('does not hold the read of etcd open: the rest waits in the spool, which leaves nothing behind', async () => {
    const gate = Promise.withResolvers<void>();
    const inner = fixture.newStore();
    const beside = fixture.newStore();
    const taking = takeFull({
      ...fixture.options,
      destinations: [{ store: waiting(inner, gate.promise) }, { store: beside }],
      onProgress: ({ readBytes, totalBytes }) => {
        // Only when etcd has sent everything may the store begin: did the read wait for it, this would never end.
        if (readBytes === totalBytes) gate.resolve();
      },
    });
    const { outcomes } = await taking;
    for (const outcome of outcomes) if ('error' in outcome) throw outcome.error;
    const [object = ''] = (await keysOf(inner)).filter((key) => key.endsWith('.zst'));
    expect((await bytesOf(inner, object)).equals(await bytesOf(beside, object))).toBe(true);
    expect(await readdir(fixture.spoolFolder)).toEqual([]);
  });

  test('has another one wait neither for its snapshot nor for its manifest', async () => {
    const gate = Promise.withResolvers<void>();
    const [inner, beside] = [fixture.newStore(), fixture.newStore()];
    const done: string[] = [];
    const { outcomes } = await takeFull({
      ...fixture.options,
      destinations: [{ store: waiting(inner, gate.promise) }, { store: beside }],
      onRead: () => void done.push('read'),
      onOutcome: ({ store }) => {
        done.push(store === beside ? 'beside' : 'inner');
        // Only now may it begin: did the other one wait for it, this would never end.
        if (store === beside) gate.resolve();
      },
    });
    expect(done).toEqual(['read', 'beside', 'inner']);
    expect(outcomes).toMatchObject([{ manifest: {} }, { manifest: {} }]);
  });

  test('fails clearly where the spool may not become that large, and a quick one beside it does not', async () => {
    const gate = Promise.withResolvers<void>();
    const [inner, beside] = [fixture.newStore(), fixture.newStore()];
    const { outcomes } = await takeFull({
      ...fixture.options,
      spool: { folder: fixture.spoolFolder, maxBytes: 2_000_000 },
      destinations: [{ store: waiting(inner, gate.promise) }, { store: beside }],
      onProgress: ({ readBytes, totalBytes }) => {
        if (readBytes === totalBytes) gate.resolve();
      },
    });
    expect(outcomes).toMatchObject([{ error: { code: 'SPOOL_FULL' } }, { manifest: {} }]);
    expect(await keysOf(inner)).toEqual([]);
  });

  test('fails clearly where the disk of the spool is full', async () => {
    await using small = mountSmallFilesystem(8 * 2 ** 20);
    const gate = Promise.withResolvers<void>();
    const inner = fixture.newStore();
    const taking = takeFull({
      ...fixture.options,
      spool: { folder: join(small.path, 'spool'), maxBytes: 2 ** 30 },
      destinations: [{ store: waiting(inner, gate.promise) }],
      onProgress: ({ readBytes, totalBytes }) => {
        if (readBytes > totalBytes * 0.9) gate.resolve();
      },
    });
    await expect(taking).rejects.toMatchObject({ code: 'SPOOL_FULL', remedy: expect.stringContaining('room') });
    expect(await keysOf(inner)).toEqual([]);
    expect(await readdir(join(small.path, 'spool'))).toEqual([]);
  });

  test('fails clearly where its own disk is full, and leaves nothing there', async () => {
    await using small = mountSmallFilesystem(8 * 2 ** 20);
    const store = new LocalStore(join(small.path, 'store'));
    const taking = takeFull({ ...fixture.options, destinations: [{ store }] });
    await expect(taking).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect(await keysOf(store)).toEqual([]);
    // All its room is there again.
    expect(small.fill()).toBeGreaterThan(7 * 2 ** 20);
  });

  test('fails clearly where there can be no spool, also while the store waits for something else', async () => {
    const never = new Promise<void>(() => undefined);
    const inner = fixture.newStore();
    const taking = takeFull({
      ...fixture.options,
      spool: { folder: '/dev/null/spool', maxBytes: 2 ** 30 },
      destinations: [{ store: waiting(inner, never) }],
    });
    await expect(taking).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    expect(await keysOf(inner)).toEqual([]);
  });
});

describe('the queue before a store', () => {
  const place = { folder: '/dev/null/spool', maxBytes: 0 };

  test.each([0, 1, 5, 1000])(
    'gives everything in order, whatever the turns of reader and writer (memory for %i)',
    async (memory) => {
      await using fixture = await startQueue(memory);
      const { queue } = fixture;
      const expected: Buffer[] = [];
      const got: Buffer[] = [];
      const reading = (async () => {
        for await (const piece of queue.read()) {
          got.push(piece);
          if (Math.random() < 0.3) await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
        }
      })();
      for (let i = 0; i < 500; i += 1) {
        const piece = Buffer.from(`${i},`);
        expected.push(piece);
        await queue.write(piece);
        if (Math.random() < 0.1) await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
      }
      queue.end();
      await reading;
      expect(Buffer.concat(got).toString()).toBe(Buffer.concat(expected).toString());
    },
  );

  test('a failure is what the reader gets in place of an end, and writes go on into nothing', async () => {
    await using queue = new SpooledQueue(place, 10);
    await queue.write(Buffer.from('a'));
    queue.fail(new Error('first'));
    queue.fail(new Error('second'));
    await queue.write(Buffer.alloc(100));
    queue.end();
    await expect(queue.read().next()).rejects.toThrow('first');
  });
});

async function startQueue(memory: number): Promise<AsyncDisposable & { readonly queue: SpooledQueue }> {
  const { mkdtemp, rm } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-queue-'));
  const queue = new SpooledQueue({ folder, maxBytes: 2 ** 20 }, memory);
  return {
    queue,
    [Symbol.asyncDispose]: async () => {
      await queue[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
