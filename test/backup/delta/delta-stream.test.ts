import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
  const capturing = (epoch = 1n) =>
    startCapturing(client, {
      epoch,
      spool: { folder: join(folder, 'spool'), maxBytes: 1e8 },
      destinations: [{ store, intervalMs: 0 }],
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
});
