import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { gapsOf, supersededOf } from '../../../src/backup/chain.ts';
import type { DeltaStreamOptions } from '../../../src/backup/delta/delta-stream.ts';
import { readSegmentManifest } from '../../../src/backup/delta/segment.ts';
import { manifestKey } from '../../../src/backup/names.ts';
import { StoreError } from '../../../src/backup/store/store.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { startCapturing } from './capturing.ts';
import { FolderStore } from './folder-store.ts';
import { observed, stored } from './observed.ts';

describe.each(['3.4', '3.5'] as const)('the delta stream of etcd %s', (version) => {
  let cluster: RealCluster;
  let client: MemberClient;
  let folder: string;
  let store: FolderStore;

  beforeAll(async () => {
    cluster = await startCluster({ version, extraArgs: ['--max-txn-ops', '1000'] });
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-delta-'));
    store = new FolderStore(join(folder, 'store'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  afterAll(async () => {
    client.close();
    await cluster.close();
  });

  const revision = async (): Promise<bigint> =>
    (await client.range({ key: Buffer.from([0]), limit: 1, keysOnly: true })).header.revision;
  const put = (key: string, value = 'v') => client.put(Buffer.from(key), Buffer.from(value));
  const capturing = (epoch = 1n, maxBytes = 1e8, options: Partial<DeltaStreamOptions> = {}) =>
    startCapturing(client, {
      epoch,
      spool: { folder: join(folder, 'spool'), maxBytes },
      destinations: [{ store, intervalMs: 0 }],
      ...options,
    });

  test('stores every revision exactly as another observer saw it', async () => {
    const before = await revision();
    await using running = await capturing();
    for (let i = 0; i < 20; i += 1) await put(`a${i % 7}`, `value ${i}`);
    await client.txn({
      compare: [],
      changes: [
        { put: Buffer.from('t1'), value: Buffer.from('x') },
        { put: Buffer.from('t2'), value: Buffer.from('y') },
        { delete: Buffer.from('a1') },
      ],
    });
    await client.deleteRange(Buffer.from('a'), Buffer.from('b'));
    await client.deleteRange(Buffer.from('nothing'));
    const { id } = await client.grantLease(61);
    await client.txn({ compare: [], changes: [{ put: Buffer.from('leased'), value: Buffer.alloc(0), lease: id }] });
    // It must be asked for before it is gone.
    await running.storedAll();
    await client.revokeLease(id);
    const last = await running.storedAll();
    const inStore = await stored(store, before);
    expect(inStore.revisions).toEqual(await observed(client, before, last));
    expect([inStore.last, inStore.leases]).toEqual([last, new Map([[id, 61]])]);
    expect(running.stream.status.spool.pieces).toBe(0);
  });

  test('goes on where it ended, without a gap and without doing anything twice', async () => {
    const before = await revision();
    for (let round = 1n; round <= 3n; round += 1n) {
      await using running = await capturing(round);
      await put('r', String(round));
      await running.storedAll();
      await running[Symbol.asyncDispose]();
      // While nobody watches.
      await put('r', 'unseen');
    }
    await using running = await capturing(4n);
    const last = await running.storedAll();
    const { segments } = await readCatalogue(store);
    expect(gapsOf({ fulls: [], segments, others: [] })).toEqual([]);
    expect(supersededOf({ segments })).toEqual([]);
    const inStore = await stored(store, before);
    expect([inStore.last, inStore.revisions]).toEqual([last, await observed(client, before, last)]);
    // Each names the manifest of the one before it.
    const links: (string | undefined)[] = [];
    for (const { key } of segments) {
      const { manifest, manifestSha256 } = await readSegmentManifest(store.get(key), key);
      expect(manifest.previousManifestSha256).toBe(links.at(-1));
      links.push(manifestSha256);
    }
    expect(links.length).toBeGreaterThan(3);
  });

  test('begins a new chain and says so where etcd has compacted what it had not seen', async () => {
    const before = await revision();
    {
      await using running = await capturing();
      await put('c', '1');
      await running.storedAll();
    }
    const stoppedAt = await revision();
    for (let i = 0; i < 5; i += 1) await put('c', 'lost');
    const compacted = await revision();
    await cluster.etcdctl('compaction', String(compacted));
    await put('c', '2');
    await using running = await capturing(2n);
    const last = await running.storedAll();
    expect(running.told).toContainEqual({
      kind: 'chain-broken',
      store: store.url,
      lost: { from: stoppedAt + 1n, to: compacted },
      reason: 'compacted',
    });
    expect((await stored(store, before)).last).toBe(stoppedAt);
    const behind = await stored(store, compacted);
    expect([behind.last, behind.revisions]).toEqual([last, await observed(client, compacted, last)]);
    expect(gapsOf(await readCatalogue(store))).toEqual([{ from: stoppedAt + 1n, to: compacted }]);
  });

  test('counts as lost also the one revision that etcd is compacted to: of a deletion in it nothing would come', async () => {
    await using running = await capturing();
    await put('c', '1');
    const stoppedAt = await running.storedAll();
    await running[Symbol.asyncDispose]();
    await client.txn({
      compare: [],
      changes: [{ put: Buffer.from('d'), value: Buffer.from('v') }, { delete: Buffer.from('c') }],
    });
    const compacted = await revision();
    expect(compacted).toBe(stoppedAt + 1n);
    await cluster.etcdctl('compaction', String(compacted));
    await put('d', '2');
    await using again = await capturing(2n);
    const last = await again.storedAll();
    const lost = { from: compacted, to: compacted };
    expect(again.told).toContainEqual({ kind: 'chain-broken', store: store.url, lost, reason: 'compacted' });
    expect((await stored(store, compacted)).last).toBe(last);
  });

  test('goes on without a gap where etcd is compacted to the last revision that is stored', async () => {
    const before = await revision();
    await using running = await capturing();
    await put('c', '1');
    await client.deleteRange(Buffer.from('c'));
    const stoppedAt = await running.storedAll();
    await running[Symbol.asyncDispose]();
    await cluster.etcdctl('compaction', String(stoppedAt));
    await put('c', '2');
    await using again = await capturing(2n);
    const last = await again.storedAll();
    expect(again.told.filter(({ kind }) => kind === 'chain-broken')).toEqual([]);
    expect([gapsOf(await readCatalogue(store)), (await stored(store, before)).last]).toEqual([[], last]);
  });

  test('loses nothing while the store fails and etcd is compacted, and tells of each failure', async () => {
    const before = await revision();
    await using running = await capturing();
    store.fault = (request) => {
      if (request === 'put') throw new StoreError('STORE_UNREACHABLE', 'no way there');
    };
    for (let i = 0; i < 5; i += 1) await put(`s${i}`);
    await running.seenAll();
    const seen = await observed(client, before, await revision());
    await cluster.etcdctl('compaction', String(await revision()));
    await until(() => running.told.some(({ kind }) => kind === 'store-failed'));
    const { stores, spool } = running.stream.status;
    expect(stores[0]?.fault?.code).toBe('STORE_UNREACHABLE');
    expect(spool.pieces).toBeGreaterThan(0);
    store.fault = () => undefined;
    await running.storedAll();
    expect((await stored(store, before)).revisions).toEqual(seen);
    expect(running.told.filter(({ kind }) => kind === 'chain-broken')).toEqual([]);
    const after = running.stream.status;
    expect([after.spool.pieces, after.stores[0]?.fault]).toEqual([0, undefined]);
  });

  test('writes an object once more under the same name where the answer was lost', async () => {
    const before = await revision();
    await using running = await capturing();
    let lost = 2;
    store.lost = () => {
      lost -= 1;
      if (lost >= 0) throw new StoreError('STORE_UNREACHABLE', 'the answer was lost');
    };
    await put('l');
    const last = await running.storedAll();
    const { segments } = await readCatalogue(store);
    expect(segments.map(({ name: { from, to } }) => [from, to])).toEqual([[before + 1n, last]]);
  });

  test('with a full spool says so, waits, and goes on from there when there is room', async () => {
    const before = await revision();
    // Room for several pieces: one that is larger than all of the spool would be taken.
    await using running = await capturing(1n, 20_000);
    store.fault = (request) => {
      if (request === 'put') throw new StoreError('STORE_UNREACHABLE', 'no way there');
    };
    const isFull = (): boolean => running.told.some(({ kind }) => kind === 'spool-full');
    for (let i = 0; i < 500 && !isFull(); i += 1) {
      await put('f', randomBytes(500).toString('base64'));
      await sleep(30);
    }
    await until(isFull);
    expect(running.stream.status.spool.bytes).toBeLessThanOrEqual(20_000);
    expect(running.stream.status.capture.fault?.code).toBe('SPOOL_FULL');
    store.fault = () => undefined;
    const last = await running.storedAll();
    const inStore = await stored(store, before);
    expect([inStore.last, inStore.revisions]).toEqual([last, await observed(client, before, last)]);
    expect(running.told.map(({ kind }) => kind)).toContain('spool-free');
    expect(running.told.filter(({ kind }) => kind === 'chain-broken')).toEqual([]);
  });

  test('with a spool that is full because of one store lets the other have everything, and breaks the chain of that one', async () => {
    const before = await revision();
    const away = new FolderStore(join(folder, 'away'));
    const full = manifestKey({ kind: 'full', revision: before, time: '20260101T120000Z', id: 'f' });
    for (const each of [store, away]) await each.put(full, Buffer.from('{}'));
    away.fault = () => {
      throw new StoreError('STORE_UNREACHABLE', 'no way there');
    };
    const destinations = [store, away].map((each) => ({ store: each, intervalMs: 0 }));
    await using running = await capturing(1n, 20_000, { destinations });
    let last = before;
    for (let i = 0; i < 60; i += 1) {
      await put('f', randomBytes(500).toString('base64'));
      last = await running.seenAll();
      await until(() => running.stream.status.stores[0]?.lastStoredRevision === last);
    }
    const inStore = await stored(store, before);
    expect([inStore.last, inStore.revisions]).toEqual([last, await observed(client, before, last)]);
    expect(running.stream.status.spool.bytes).toBeLessThanOrEqual(20_000);
    away.fault = () => undefined;
    last = await running.storedAll();
    const broken = running.told.filter((told) => told.kind === 'chain-broken');
    expect(broken).toMatchObject([{ store: away.url, lost: { from: before + 1n }, reason: 'no-room' }]);
    // What came since then is whole there.
    const behind = broken[0]?.lost.to ?? 0n;
    expect((await stored(away, behind)).revisions).toEqual(await observed(client, behind, last));
    expect(running.stream.status.spool.pieces).toBe(0);
  });

  test('after a restart breaks the chain of a store that lacks what an earlier process had let go of', async () => {
    const before = await revision();
    const away = new FolderStore(join(folder, 'away'));
    const full = manifestKey({ kind: 'full', revision: before, time: '20260101T120000Z', id: 'f' });
    for (const each of [store, away]) await each.put(full, Buffer.from('{}'));
    const unreachable = (): never => {
      throw new StoreError('STORE_UNREACHABLE', 'no way there');
    };
    {
      await using running = await capturing();
      for (let i = 0; i < 2; i += 1) await put('g');
      await running.storedAll();
      // One piece stays behind those that are gone.
      store.fault = (request) => (request === 'put' ? unreachable() : undefined);
      await put('g');
      await running.seenAll();
      await until(() => running.stream.status.spool.pieces === 1);
    }
    store.fault = () => undefined;
    away.fault = unreachable;
    const destinations = [store, away].map((each) => ({ store: each, intervalMs: 0 }));
    await using running = await capturing(2n, 1e8, { destinations });
    await put('g');
    await running.seenAll();
    away.fault = () => undefined;
    const last = await running.storedAll();
    const lost = { from: before + 1n, to: before + 2n };
    expect(running.told.filter(({ kind }) => kind === 'chain-broken')).toEqual([
      { kind: 'chain-broken', store: away.url, lost, reason: 'no-room' },
    ]);
    expect((await stored(away, lost.to)).revisions).toEqual(await observed(client, lost.to, last));
    expect((await stored(store, before)).revisions).toEqual(await observed(client, before, last));
    await until(() => running.stream.status.spool.pieces === 0);
  });

  test('without a folder for the spool reads from etcd again what was not stored yet', async () => {
    const before = await revision();
    for (let round = 1n; round <= 2n; round += 1n) {
      await using running = await capturing(round, 1e8, { spool: { maxBytes: 1e6 } });
      expect(running.stream.status.spool.durable).toBe(false);
      await put('m', '1');
      await running.storedAll();
      store.fault = (request) => {
        if (request === 'put') throw new StoreError('STORE_UNREACHABLE', 'no way there');
      };
      await put('m', '2');
      await running.seenAll();
      await running[Symbol.asyncDispose]();
      store.fault = () => undefined;
    }
    await using running = await capturing(3n, 1e8, { spool: { maxBytes: 1e6 } });
    const last = await running.storedAll();
    expect((await stored(store, before)).revisions).toEqual(await observed(client, before, last));
  });

  test('takes nothing of a history that is not the continuation of what is stored', async () => {
    const live = await revision();
    const key = manifestKey({ kind: 'full', revision: live + 1_000n, time: '20260101T120000Z', id: 'f' });
    await store.put(key, Buffer.from('{}'));
    await using running = await capturing();
    await expect(running.ended).rejects.toMatchObject({ code: 'TIMELINE_FORKED' });
  });

  test('begins although a store does not answer, and gives it everything when it does', async () => {
    await put('before');
    const before = await revision();
    const key = manifestKey({ kind: 'full', revision: before, time: '20260101T120000Z', id: 'f' });
    await store.put(key, Buffer.from('{}'));
    for (let i = 0; i < 3; i += 1) await put('meanwhile', String(i));
    store.fault = () => {
      throw new StoreError('STORE_UNREACHABLE', 'no way there');
    };
    await using running = await capturing();
    await put('after');
    await running.seenAll();
    store.fault = () => undefined;
    const last = await running.storedAll();
    const inStore = await stored(store, before);
    expect([inStore.last, inStore.revisions]).toEqual([last, await observed(client, before, last)]);
    const { segments } = await readCatalogue(store);
    // What the store had is not sent again.
    expect(segments[0]?.name.from).toBe(before + 1n);
  });

  test('takes a revision in one piece that comes in many messages', async () => {
    const before = await revision();
    await using running = await capturing();
    const value = randomBytes(1_000_000);
    const changes = Array.from({ length: 12 }, (_, index) => ({
      put: Buffer.from(`w${index}`),
      value: value.subarray(index, 100_000),
    }));
    await client.txn({ compare: [], changes });
    for (let i = 0; i < 5; i += 1) await client.put(Buffer.from('w'), value);
    const last = await running.storedAll();
    expect((await stored(store, before)).revisions).toEqual(await observed(client, before, last));
  });

  // Etcd 3.4 does not tell.
  if (version === '3.5')
    test('asks for a new full snapshot when users or roles have changed', async () => {
      const { authRevision: from = 0n } = await client.authStatus();
      await using running = await capturing(1n, 1e8, { protectedAuthRevision: () => from });
      await until(() => running.stream.status.capture.authRevision === from);
      await cluster.etcdctl('role', 'add', 'r1');
      await until(() => running.told.some(({ kind }) => kind === 'auth-changed'));
      expect(running.told).toContainEqual({ kind: 'auth-changed', from, to: from + 1n });
      expect(running.told.filter(({ kind }) => kind === 'auth-changed')).toHaveLength(1);
    });
});

async function until(condition: () => boolean): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  while (!condition()) {
    limit.throwIfAborted();
    await sleep(10);
  }
}
