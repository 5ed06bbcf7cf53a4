import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import type { CaptureClient } from '../../../src/backup/delta/capture-client.ts';
import { changeDigest, checkContinues } from '../../../src/backup/delta/last-change.ts';
import { storePosition } from '../../../src/backup/delta/store-position.ts';
import { StoreError } from '../../../src/backup/store/store.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { startCapturing } from './capturing.ts';
import { FolderStore } from './folder-store.ts';
import { putAt } from './segments.ts';

const forever = new AbortController().signal;
const forked = { code: 'TIMELINE_FORKED' };

/** Two clusters of one beginning, as before and after a restore that kept the names, the URLs and the token. */
describe('a history that a cluster has gone past otherwise', () => {
  let clusters: RealCluster[];
  let before: MemberClient;
  let after: MemberClient;
  let folder: string;
  let store: FolderStore;

  beforeAll(async () => {
    clusters = await Promise.all([startCluster(), startCluster()]);
    const clientOf = (cluster: RealCluster | undefined) =>
      new MemberClient({ member: 'm1', endpoint: cluster?.endpoints[0] ?? '' });
    before = clientOf(clusters[0]);
    after = clientOf(clusters[1]);
    for (let i = 0; i < 40; i += 1) await after.put(Buffer.from('k'), Buffer.from(`another ${i}`));
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-fork-'));
    store = new FolderStore(join(folder, 'store'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  afterAll(async () => {
    before.close();
    after.close();
    await Promise.all(clusters.map((cluster) => cluster.close()));
  });

  const capturing = (client: MemberClient, through: CaptureClient = client) =>
    startCapturing(client, {
      client: through,
      spool: { maxBytes: 1e8 },
      destinations: [{ store, intervalMs: 0 }],
    });
  /** The same key, written as often: nothing but its values tells the two apart. */
  const captured = async (): Promise<void> => {
    await using running = await capturing(before);
    for (let i = 0; i < 5; i += 1) await before.put(Buffer.from('k'), Buffer.from(`one ${i}`));
    await running.storedAll();
  };

  test('is told by its last change, and gone on with only by its own cluster', async () => {
    await captured();
    const { segments } = await readCatalogue(store);
    await expect(capturing(after)).rejects.toMatchObject(forked);
    await using running = await capturing(before);
    await before.put(Buffer.from('k'), Buffer.from('more'));
    await running.storedAll();
    expect((await readCatalogue(store)).segments.length).toBeGreaterThan(segments.length);
  });

  test('is told also by a store that answers only later', async () => {
    await captured();
    const { segments } = await readCatalogue(store);
    store.fault = () => {
      throw new StoreError('STORE_UNREACHABLE', 'no way there');
    };
    await using running = await capturing(after);
    await running.seenAll();
    store.fault = () => undefined;
    await expect(running.ended).rejects.toMatchObject(forked);
    expect((await readCatalogue(store)).segments).toEqual(segments);
  });

  test('is told by a capture that goes on when the connection comes back', async () => {
    const breaking = new AbortController();
    let client = before;
    const { header } = await before.status();
    const through: CaptureClient = {
      range: async (request, signal) => {
        const reply = await client.range(request, signal);
        return { ...reply, header: { ...reply.header, clusterId: header.clusterId } };
      },
      status: (signal) => client.status(signal),
      leaseTimes: (id, signal) => client.leaseTimes(id, signal),
      authStatus: (signal) => client.authStatus(signal),
      watch: (request, signal = forever) =>
        client.watch(request, client === before ? AbortSignal.any([signal, breaking.signal]) : signal),
    };
    await using running = await capturing(before, through);
    await before.put(Buffer.from('k'), Buffer.from('seen'));
    await running.storedAll();
    client = after;
    breaking.abort(new Error('the connection was cut'));
    await expect(running.ended).rejects.toMatchObject(forked);
  });

  test('is told where a restore has raised the revision and compacted everything before', async () => {
    await captured();
    const raised: CaptureClient = {
      range: async (request, signal) => {
        const reply = await before.range(request, signal);
        return { ...reply, header: { ...reply.header, revision: reply.header.revision + 1_000_000_000n } };
      },
      status: (signal) => before.status(signal),
      leaseTimes: (id, signal) => before.leaseTimes(id, signal),
      authStatus: (signal) => before.authStatus(signal),
      watch: (request, signal) => before.watch(request, signal),
    };
    await using running = await capturing(before, raised);
    await expect(running.ended).rejects.toMatchObject(forked);
  });

  test('is not seen in what etcd has compacted, also where its last change was a deletion', async () => {
    await captured();
    await using running = await capturing(before);
    await before.txn({
      compare: [],
      changes: [{ put: Buffer.from('other'), value: Buffer.from('v') }, { delete: Buffer.from('k') }],
    });
    const last = await running.storedAll();
    const { lastChange } = await storePosition(store);
    expect(lastChange?.revision).toBe(last);
    if (lastChange === undefined) throw new Error('it has none');
    for (let i = 0; i < 2; i += 1) await before.put(Buffer.from('k'), Buffer.from('more'));
    for (const compacted of [last, last + 1n]) {
      await clusters[0]?.etcdctl('compaction', String(compacted));
      await checkContinues(before, lastChange, forever);
    }
  });

  test('is not waited for where etcd 3.4 is compacted to a deletion after which nothing was written', async () => {
    await using cluster = await startCluster({ version: '3.4' });
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    await client.put(Buffer.from('k'), Buffer.from('v'));
    await client.deleteRange(Buffer.from('k'));
    const { revision } = (await client.status()).header;
    await cluster.etcdctl('compaction', '--physical', String(revision));
    await checkContinues(client, { revision, digest: '00000000' }, forever);
    client.close();
  });

  test('has digests that differ where anything that a change is differs', () => {
    const put = putAt(7n);
    if (put.kind !== 'revision') throw new Error('it is none');
    const [event] = put.batch.events;
    if (event === undefined) throw new Error('it is empty');
    const others = [
      { key: Buffer.from('x') },
      { value: Buffer.from('x') },
      { createRevision: 1n },
      { version: 2n },
      { lease: 5n },
      { type: 'delete' as const },
    ];
    const digests = [{}, ...others].map((change) => changeDigest({ events: [{ ...event, ...change }] }));
    expect(new Set(digests).size).toBe(digests.length);
  });
});
