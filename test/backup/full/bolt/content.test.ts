import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ContentReader, type SnapshotContent } from '../../../../src/backup/full/bolt/content.ts';
import { MemberClient } from '../../../../src/etcd/member-client.ts';
import { type ClusterOptions, type RealCluster, startCluster } from '../../../real/cluster.ts';
import { snapshotStatus } from '../../snapshot-status.ts';

const EVERYTHING = Buffer.from([0]);

function contentOf(file: Buffer, chunkBytes = 32 * 1024): SnapshotContent {
  const reader = new ContentReader();
  for (let at = 0; at < file.length; at += chunkBytes) reader.write(file.subarray(at, at + chunkBytes));
  return reader.end();
}

/** A cluster of one, its client, and a snapshot of it whenever one is asked for. */
async function withSnapshots(
  options: ClusterOptions,
  work: (cluster: RealCluster, client: MemberClient, take: () => Promise<SnapshotContent>) => Promise<void>,
): Promise<void> {
  await using cluster = await startCluster(options);
  const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '', callTimeoutMs: 60_000 });
  let number = 0;
  try {
    await work(cluster, client, async () => {
      number += 1;
      const path = join(cluster.folder, `${number}.snap`);
      await cluster.etcdctl('snapshot', 'save', path);
      const file = await readFile(path);
      const content = contentOf(file.subarray(0, -32));
      // In pieces of any size it is the same.
      expect(contentOf(file.subarray(0, -32), 4099)).toEqual(content);
      const status = await snapshotStatus(cluster.binaries, path);
      expect(content.totalEntries).toBe(status.totalKey);
      const { count, header } = await client.range({ key: EVERYTHING, rangeEnd: EVERYTHING, countOnly: true });
      expect(content.revision).toBe(header.revision);
      expect(content.keys.atLeast).toBeLessThanOrEqual(count);
      expect(content.keys.atMost).toBeGreaterThanOrEqual(count);
      return content;
    });
  } finally {
    client.close();
  }
}

async function putMany(client: MemberClient, prefix: string, count: number, bytes: number, lease = 0n): Promise<void> {
  const value = Buffer.alloc(bytes, 'x');
  for (let from = 0; from < count; from += 100) {
    const changes = Array.from({ length: Math.min(100, count - from) }, (_, i) => ({
      put: Buffer.from(`${prefix}${from + i}`),
      value,
      ...(lease === 0n ? {} : { lease }),
    }));
    await client.txn({ compare: [], changes });
  }
}

describe.each(['3.4', '3.5'] as const)('what a snapshot of etcd %s holds', (version) => {
  test('an empty store stands at revision 1 and holds nothing', () =>
    withSnapshots({ version }, async (_cluster, _client, take) => {
      const content = await take();
      expect(content).toMatchObject({
        revision: 1n,
        compactRevision: 0n,
        entries: 0,
        keys: { atLeast: 0, atMost: 0 },
        kubernetes: false,
        leases: new Map(),
      });
    }));

  test('keys, deletions, compaction, defragmentation, values of many pages, leases', () =>
    withSnapshots({ version }, async (cluster, client, take) => {
      await putMany(client, 'a/', 3000, 40);
      expect(await take()).toMatchObject({ entries: 3000, keys: { atLeast: 3000, atMost: 3000 }, kubernetes: false });

      await putMany(client, 'a/', 500, 40);
      await client.deleteRange(Buffer.from('a/1'), Buffer.from('a/2'));
      expect(await take()).toMatchObject({ keys: { atLeast: 1889, atMost: 1889 } });

      for (let i = 0; i < 20; i += 1)
        await client.put(Buffer.from(`large/${i % 7}`), Buffer.alloc(300_000 + i * 4096, i));
      expect(await take()).toMatchObject({ keys: { atLeast: 1896, atMost: 1896 } });

      const before = await take();
      await cluster.etcdctl('compact', String(before.revision - 5n), '--physical');
      const compacted = await take();
      expect(compacted.compactRevision).toBe(before.revision - 5n);
      expect(compacted.entries).toBeLessThan(before.entries);
      expect(compacted.keys.atMost - compacted.keys.atLeast).toBeLessThan(200);

      await cluster.etcdctl('defrag');
      // Entries lie in other pages afterwards, so the bounds of the keys may differ.
      const { consistentIndex: _index, keys: _keys, ...defragmented } = await take();
      expect(compacted).toMatchObject(defragmented);

      const { id } = await client.grantLease(1234);
      await putMany(client, '/registry/pods/', 10, 100, id);
      expect(await take()).toMatchObject({ kubernetes: true, leases: new Map([[id, 1234]]) });
      await client.revokeLease(id);
      expect(await take()).toMatchObject({ leases: new Map() });
    }));

  test('when all is deleted and compacted, it stands at the compact revision', () =>
    withSnapshots({ version }, async (cluster, client, take) => {
      await putMany(client, 'a/', 300, 40);
      const { header } = await client.deleteRange(Buffer.from('a/'), Buffer.from('a0'));
      await cluster.etcdctl('compact', String(header.revision), '--physical');
      expect(await take()).toMatchObject({ revision: header.revision, compactRevision: header.revision });
    }));

  // Of bbolt, which lays both out alike.
  if (version === '3.5') {
    test('pages that are free and hold newer or older content do not count', () =>
      withSnapshots({ version }, async (cluster, client, take) => {
        await putMany(client, 'a/', 5000, 200);
        for (let round = 0; round < 4; round += 1) {
          const { header } = await client.deleteRange(Buffer.from('a/1'), Buffer.from('a/3'));
          await cluster.etcdctl('compact', String(header.revision), '--physical');
          await putMany(client, 'a/', 3000, 100 + round * 3000);
          await take();
        }
      }));
  }
});
