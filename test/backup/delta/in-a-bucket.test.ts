import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { Merger } from '../../../src/backup/delta/merge.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { startCluster } from '../../real/cluster.ts';
import { s3StoreAt, startS3Server } from '../store/s3-server.ts';
import { startCapturing } from './capturing.ts';
import { observed, stored } from './observed.ts';

describe('deltas in a folder and in a bucket at once', () => {
  test('are the same history in both, also when they are merged', async () => {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(await startS3Server());
    const cluster = stack.use(await startCluster());
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-bucket-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const bucket = storeAt(stack.use(s3StoreAt(server.endpoint)), 'test/t1');
    const local = storeAt(stack.use(new LocalStore(join(folder, 'store'))), 'test/t1');
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    stack.defer(() => client.close());
    const { revision: before } = (await client.status()).header;
    const running = stack.use(
      await startCapturing(client, {
        spool: { folder: join(folder, 'spool'), maxBytes: 1e7 },
        destinations: [
          { store: local, intervalMs: 0 },
          { store: bucket, intervalMs: 50 },
        ],
      }),
    );
    for (let i = 0; i < 12; i += 1) {
      await client.put(Buffer.from(`k${i % 4}`), Buffer.from(String(i)));
      await running.storedAll();
    }
    const last = await running.storedAll();
    const truth = await observed(client, before, last);
    for (const store of [local, bucket]) {
      expect(await stored(store, before)).toMatchObject({ revisions: truth, last });
      const limits = { minAgeMs: -10_000, maxBytes: 1e6, fanIn: 4 };
      const merger = new Merger({ store, epoch: () => 2n, limits });
      const { merged, removed } = await merger.round(await readCatalogue(store), AbortSignal.timeout(60_000));
      expect([merged.length, removed.length]).toEqual([3, 12]);
      expect(await stored(store, before)).toMatchObject({ revisions: truth, last, objects: 3 });
    }
  });
});
