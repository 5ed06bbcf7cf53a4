import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { coolDown, planCooling } from '../../../src/backup/retention/cool.ts';
import { markVerified } from '../../../src/backup/retention/marks.ts';
import { planTidy, tidy } from '../../../src/backup/retention/tidy.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import type { S3Store } from '../../../src/backup/store/s3.ts';
import { type Store, StoreError } from '../../../src/backup/store/store.ts';
import { alteredStore, keysOf } from '../altered-store.ts';
import { type FaultProxy, startFaultProxy } from '../store/fault-proxy.ts';
import { type S3Server, s3StoreAt, startS3Server } from '../store/s3-server.ts';
import { DAY_MS, full, marks, NO_MARKS, NOTHING, NOW_MS, segment } from './timeline.ts';

const LARGE = 200 * 1024;
const cold = { afterMs: 3 * DAY_MS, storageClass: 'STANDARD_IA' };

/** A chain a day, the newest now; each with a large segment and a small one. */
function daily(count: number) {
  return Array.from({ length: count }, (_, i) => {
    const timeMs = NOW_MS - (count - 1 - i) * DAY_MS;
    const revision = 100 * (i + 1);
    return [
      ...full(`c${i}`, revision, timeMs, LARGE),
      segment(revision + 1, revision + 50, timeMs, LARGE),
      segment(revision + 51, revision + 100, timeMs),
    ];
  }).flat();
}

const cooling = (...given: Parameters<typeof planCooling>) => [
  ...new Set(planCooling(...given).map(({ chain }) => chain)),
];

describe('what moves to a colder class', () => {
  test('large objects of chains that are older than that; no manifest, and nothing small', () => {
    const plan = planCooling(daily(8), marks(['c7']), cold, NOW_MS);
    expect([...new Set(plan.map(({ chain }) => chain))]).toEqual(['c0', 'c1', 'c2', 'c3']);
    expect(plan).toHaveLength(8);
    expect(plan.every(({ key, bytes }) => bytes === LARGE && !key.endsWith('.json'))).toBe(true);
  });

  test('never what a restore needs first', () => {
    expect(cooling(daily(8), marks(['c1']), cold, NOW_MS)).toEqual(['c0']);
    expect(cooling(daily(8), NO_MARKS, { ...cold, afterMs: 0 }, NOW_MS)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
    expect(cooling(daily(1), NO_MARKS, { ...cold, afterMs: 0 }, NOW_MS)).toEqual([]);
    // Backups that have stopped do not grow old.
    expect(cooling(daily(8), marks(['c7']), cold, NOW_MS + 1000 * DAY_MS)).toHaveLength(4);
  });

  test('nothing that a younger chain begins with, that is there already, or that is frozen', () => {
    const over = segment(350, 450, NOW_MS - 4 * DAY_MS, LARGE);
    const younger = segment(450, 550, NOW_MS - 3 * DAY_MS, LARGE);
    const keys = planCooling([...daily(8), over, younger], marks(['c7']), cold, NOW_MS).map(({ key }) => key);
    expect(keys).toContain(over.key);
    expect(keys).not.toContain(younger.key);
    const classes = daily(8).map((object, i) => ({ ...object, storageClass: i % 2 === 0 ? 'STANDARD_IA' : 'GLACIER' }));
    expect(planCooling(classes, marks(['c7']), cold, NOW_MS)).toEqual([]);
  });
});

describe('tidying a bucket', () => {
  let server: S3Server;
  let proxy: FaultProxy;
  let whole: S3Store;
  let store: Store;
  let round = 0;
  beforeAll(async () => {
    server = await startS3Server();
    proxy = await startFaultProxy(server, { uploads: true });
  });
  beforeEach(async () => {
    proxy.faults(() => 'none');
    round += 1;
    whole = s3StoreAt(proxy.endpoint, {}, `round${round}`);
    store = storeAt(whole, 'prod/t1');
    for (const { key, bytes } of daily(6)) await store.put(key, Buffer.alloc(bytes, 1));
    await markVerified(store, 'c5', { by: 'hashes', atMs: NOW_MS });
  });
  afterAll(async () => {
    await whole[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const policy = { retention: { ...NOTHING, daily: 5 }, cold, abandonedAfterMs: -10_000 };
  const initiate = async () => {
    const { S3Client, CreateMultipartUploadCommand } = await import('@aws-sdk/client-s3');
    const client = new S3Client({ endpoint: proxy.endpoint, forcePathStyle: true, region: 'us-east-1' });
    const Key = `round${round}/prod/t1/full/left.snap.zst`;
    await client.send(new CreateMultipartUploadCommand({ Bucket: 'backups', Key }));
    client.destroy();
  };

  test('prunes, cools and takes away uploads, and does what it said before', async () => {
    await initiate();
    const before = await keysOf(store);
    const plan = await planTidy(store, policy, NOW_MS);
    expect(await keysOf(store)).toEqual(before);
    expect(plan.uploads).toEqual([{ key: 'full/left.snap.zst', begunAtMs: expect.any(Number) }]);
    const { pruned, cooled, uploads } = await tidy(store, policy, NOW_MS);
    expect(pruned.removed).toHaveLength(4);
    expect(pruned.removed.toSorted()).toEqual(plan.retention.objects.filter(({ keep }) => !keep).map(({ key }) => key));
    expect(cooled.cooled).toEqual(plan.cooling.map(({ key }) => key));
    expect(cooled.cooled).toHaveLength(2);
    for (const key of cooled.cooled) expect(await store.head(key)).toMatchObject({ storageClass: 'STANDARD_IA' });
    expect(uploads).toBe(1);
    // s3rver lists everything as STANDARD; each is looked at, and not copied again.
    expect((await tidy(store, policy, NOW_MS)).cooled.cooled).toEqual([]);
  });

  test('what the store refuses is said, and holds nothing else up', async () => {
    proxy.faults(({ method, headers, url }) =>
      headers['x-amz-copy-source'] !== undefined || method === 'DELETE' || url.includes('uploads')
        ? 'status-403'
        : 'none',
    );
    const { pruned, cooled, uploads, uploadsProblem } = await tidy(store, policy, NOW_MS);
    expect(pruned.removed).toEqual([]);
    expect(pruned.denied).toEqual([expect.stringContaining('-c0.json')]);
    expect(cooled.refused.map(({ code }) => code)).toEqual(Array(4).fill('STORE_DENIED'));
    expect({ uploads, uploadsProblem }).toEqual({ uploads: 0, uploadsProblem: expect.stringContaining('uploads') });
  });

  test('a class that the server does not know is tried once', async () => {
    const { cooled, refused } = await coolDown(store, { ...cold, storageClass: 'NO_SUCH_CLASS' }, NOW_MS);
    expect(cooled).toEqual([]);
    expect(refused.map(({ code }) => code)).toEqual(['STORE_UNSUPPORTED']);
  });

  test('what went meanwhile is no fault, and a store that does not answer is one', async () => {
    const vanishing = alteredStore(store, {
      reclass: () => Promise.reject(new StoreError('STORE_NOT_FOUND', 'merged')),
    });
    expect(await coolDown(vanishing, cold, NOW_MS)).toMatchObject({ cooled: [], refused: [] });
    const away = alteredStore(store, { reclass: () => Promise.reject(new StoreError('STORE_UNREACHABLE', 'away')) });
    await expect(coolDown(away, cold, NOW_MS)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
  });

  test('a folder knows no classes: it is pruned all the same', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-tidy-'));
    try {
      const local = new LocalStore(folder);
      for (const { key, bytes } of daily(6)) await local.put(key, Buffer.alloc(bytes));
      const { pruned, cooled } = await tidy(local, { ...policy, abandonedAfterMs: DAY_MS }, NOW_MS);
      expect(pruned.removed).toHaveLength(4);
      expect(cooled.cooled).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
