import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { forked } from '../../../src/backup/delta/last-change.ts';
import { decodeSegment } from '../../../src/backup/delta/segment.ts';
import { encodeSegment, type SegmentCipher } from '../../../src/backup/delta/segment-writer.ts';
import { Spool } from '../../../src/backup/delta/spool.ts';
import type { DeltaTold } from '../../../src/backup/delta/told.ts';
import { Uploader, type UploaderOptions } from '../../../src/backup/delta/uploader.ts';
import { EtcdError } from '../../../src/etcd/errors.ts';
import { alteredStore } from '../altered-store.ts';
import { FolderStore } from './folder-store.ts';
import { all, inPieces, putAt, someFacts } from './segments.ts';

const HOUR_MS = 3_600_000;

describe('the uploader', () => {
  let folder: string;
  let store: FolderStore;
  let spool: Spool;
  let told: DeltaTold[];
  let ending: AbortController;
  let running: Promise<unknown> | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-upload-'));
    store = new FolderStore(folder);
    spool = await Spool.open({ maxBytes: 1e6 });
    told = [];
    ending = new AbortController();
  });
  afterEach(async () => {
    ending.abort();
    await running?.catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  });

  const start = (options: Partial<UploaderOptions> = {}): Uploader => {
    const uploader = new Uploader({
      store,
      spool,
      epoch: () => 7n,
      intervalMs: 0,
      maxObjectBytes: 1e6,
      position: { storedRevision: 10n },
      tell: (what) => void told.push(what),
      advanced: () => undefined,
      ...options,
    });
    running = uploader.run(ending.signal);
    running.catch(() => undefined);
    return uploader;
  };
  const append = async (from: bigint, to = from): Promise<void> => {
    const records = Array.from({ length: Number(to - from) + 1 }, (_, index) => putAt(from + BigInt(index)));
    await spool.append(await encodeSegment(someFacts(from, to), records));
  };
  const until = async (condition: () => boolean): Promise<void> => {
    const limit = AbortSignal.timeout(60_000);
    while (!condition()) {
      limit.throwIfAborted();
      await sleep(5);
    }
  };
  const ranges = async (): Promise<string[]> =>
    (await readCatalogue(store)).segments.map(({ name: { from, to, epoch } }) => `${from}-${to} of ${epoch}`);

  test('reads back what it is told to, and puts once more what the store does not have as it was given', async () => {
    let puts = 0;
    const forgetful = alteredStore(store, {
      put: async (key, content, options) => {
        puts += 1;
        const given = puts === 1 ? Buffer.alloc((content as Buffer).length, 1) : content;
        return await store.put(key, given, options);
      },
    });
    await append(11n, 12n);
    const uploader = start({ store: forgetful, readBackShare: 1 });
    await until(() => uploader.status.lastStoredRevision === 12n);
    expect(puts).toBe(2);
    expect(told).toContainEqual(expect.objectContaining({ kind: 'store-failed', code: 'STORE_DAMAGED' }));
    expect(await ranges()).toEqual(['11-12 of 7']);
    const [{ key = '' } = {}] = (await readCatalogue(store)).segments;
    const pieces: Buffer[] = [];
    for await (const piece of store.get(key)) pieces.push(piece);
    const { records } = await decodeSegment(Readable.from(pieces), { key });
    expect((await all(records)).length).toBeGreaterThan(0);
  });

  test('tells of every hole, also behind what an earlier term had left in the spool', async () => {
    await append(13n, 14n);
    await append(17n);
    spool.breakAt(20n, 'compacted');
    const uploader = start();
    await append(21n);
    await until(() => uploader.status.lastStoredRevision === 21n);
    const lost = told.flatMap((each) => (each.kind === 'chain-broken' ? [`${each.lost.from}-${each.lost.to}`] : []));
    expect(lost).toEqual(['11-12', '15-16', '18-20']);
    expect(await ranges()).toEqual(['13-14 of 7', '17-17 of 7', '21-21 of 7']);
  });

  test('tells of a broken chain at once, also while an upload hangs, and then goes on behind the hole', async () => {
    const hanging = Promise.withResolvers<void>();
    const { put } = store;
    store.put = async (...args) => {
      await hanging.promise;
      return await put.apply(store, args);
    };
    const uploader = start();
    await append(11n, 12n);
    spool.breakAt(20n, 'compacted');
    await until(() => told.length > 0);
    const lost = { from: 13n, to: 20n };
    expect(told).toEqual([{ kind: 'chain-broken', store: store.url, lost, reason: 'compacted' }]);
    await append(21n, 22n);
    hanging.resolve();
    await until(() => uploader.status.lastStoredRevision === 22n);
    expect(await ranges()).toEqual(['11-12 of 7', '21-22 of 7']);
    expect(told.filter(({ kind }) => kind === 'chain-broken')).toHaveLength(1);
  });

  test('says nothing of a hole that the store does not have', async () => {
    const uploader = start({ position: { storedRevision: 30n } });
    spool.breakAt(20n, 'compacted');
    await append(21n, 31n);
    await until(() => uploader.status.lastStoredRevision === 31n);
    // Of what the store has already nothing is sent again.
    expect(await ranges()).toEqual(['31-31 of 7']);
    expect(told.map(({ kind }) => kind)).toEqual(['stored']);
  });

  /** As it is where the store did not answer in time when the stream was opened. */
  const startUnpositioned = (continues: () => Promise<void>): Uploader => {
    const uploader = new Uploader({
      ...{ store, spool, epoch: () => 7n, intervalMs: 0, maxObjectBytes: 1e6, continues },
      ...{ tell: (what) => void told.push(what), advanced: () => undefined },
    });
    running = uploader.run(ending.signal);
    running.catch(() => undefined);
    return uploader;
  };

  test('asks once more whether the history goes on where etcd did not answer', async () => {
    let asked = 0;
    const uploader = startUnpositioned(async () => {
      asked += 1;
      if (asked === 1) throw new EtcdError('ETCD_UNREACHABLE', 'no way there');
    });
    await append(11n, 12n);
    await until(() => uploader.status.lastStoredRevision === 12n);
    expect(asked).toBe(2);
  });

  test('ends where the history is another one', async () => {
    startUnpositioned(() => Promise.reject(forked('It was restored.')));
    await expect(running).rejects.toMatchObject({ code: 'TIMELINE_FORKED' });
  });

  describe('is away', () => {
    let passedMs: number;
    beforeEach(() => {
      passedMs = 0;
      const now = performance.now.bind(performance);
      vi.spyOn(performance, 'now').mockImplementation(() => now() + passedMs);
    });
    afterEach(() => vi.restoreAllMocks());

    test('only where it has not said for a minute where its history ends', () => {
      const uploader = new Uploader({
        ...{ store, spool, epoch: () => 7n, intervalMs: 0, maxObjectBytes: 1e6 },
        ...{ tell: () => undefined, advanced: () => undefined },
      });
      passedMs = 40_000;
      expect(uploader.isAway).toBe(false);
      passedMs = 61_000;
      expect(uploader.isAway).toBe(true);
    });

    test('where it is at one object for longer than that takes on a slow line', async () => {
      const hanging = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      store.put = async () => {
        begun.resolve();
        await hanging.promise;
        return { bytes: 0 };
      };
      const value = randomBytes(2_000_000).toString('base64');
      await spool.append(await encodeSegment(someFacts(11n, 11n), [putAt(11n, 'k', value)]));
      const uploader = start({ maxObjectBytes: 1e7 });
      await begun.promise;
      passedMs = 120_000;
      expect(uploader.isAway).toBe(false);
      passedMs = 1_000_000;
      expect(uploader.isAway).toBe(true);
      ending.abort();
      hanging.resolve();
    });
  });

  test('gathers what comes within an interval into one object', async () => {
    const uploader = start({ intervalMs: HOUR_MS });
    await append(11n);
    await until(() => uploader.status.lastStoredRevision === 11n);
    for (const revision of [12n, 13n, 14n]) await append(revision);
    expect(uploader.status).toMatchObject({ lastStoredRevision: 11n, oldestWaitingAtMs: 1_700_000_000_000 });
    await uploader.flush(ending.signal);
    expect(await ranges()).toEqual(['11-11 of 7', '12-14 of 7']);
  });

  test('does not wait where there is enough for an object, and makes none much larger', async () => {
    for (let revision = 11n; revision <= 20n; revision += 1n) await append(revision);
    const each = spool.bytes / 10;
    const uploader = start({ intervalMs: HOUR_MS, maxObjectBytes: each * 3 - 1 });
    // The first object at once, and more as long as there is enough for one.
    await until(() => (uploader.status.lastStoredRevision ?? 0n) >= 12n);
    await uploader.flush(ending.signal);
    const { segments } = await readCatalogue(store);
    expect(Math.max(...segments.map(({ name }) => Number(name.to - name.from) + 1))).toBe(2);
    expect(uploader.status.lastStoredRevision).toBe(20n);
  });

  test('encrypts on the way, and not what lies in the spool', async () => {
    const flip = async function* (stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
      for await (const piece of stream) yield piece.map((byte) => byte ^ 0xff) as Buffer;
    };
    const cipher: SegmentCipher = { keyIds: ['k1'], encrypt: flip };
    const uploader = start({ cipher: async () => cipher });
    await append(11n, 12n);
    await until(() => uploader.status.lastStoredRevision === 12n);
    const [segment] = (await readCatalogue(store)).segments;
    const key = segment?.key ?? '';
    expect(key).toMatch(/\.delta\.zst\.age$/);
    const { manifest, records } = await decodeSegment(inPieces(await store.read(key)), { key, decrypt: flip });
    expect(manifest.encryption).toEqual({ format: 'age', keyIds: ['k1'] });
    expect(await all(records)).toEqual([putAt(11n), putAt(12n)]);
  });
});
