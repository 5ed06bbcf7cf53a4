import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replay } from '../../../src/backup/restore/replay.ts';
import { ScratchEtcd } from '../../../src/backup/restore/scratch-etcd.ts';
import { compact, hashKeyspace } from '../../../src/etcd/maintenance-calls.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type EtcdLine, findBinaries } from '../../real/binaries.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { everything, keyspaceAt, ObservedHistory, saveSnapshot, stream } from './observed-history.ts';
import { RandomLife, seeded } from './random-life.ts';

const never = new AbortController().signal;

function scratchBinaries(version: EtcdLine) {
  const { etcd, etcdutl, etcdctl } = findBinaries(version);
  return { etcd, restorer: etcdutl ?? etcdctl };
}

describe.each<EtcdLine>(['3.4', '3.5'])('replaying what a watch saw into a scratch etcd %s', (version) => {
  let folder: string;
  let cluster: RealCluster;
  let client: MemberClient;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-replay-'));
    cluster = await startCluster({ version });
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  });
  afterEach(async () => {
    client.close();
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(version === '3.4' ? [1] : [2, 3])(
    'makes revisions, versions, leases and the hash what they were (seed %i)',
    async (seed) => {
      const random = seeded(seed);
      const life = new RandomLife(client, random, { compactions: true });
      await using history = await ObservedHistory.begin(client, (id) => life.ttls.get(id) ?? 1);
      const steps = 400;
      const snapshotAt = random(steps);
      const snapshotFile = join(folder, 'full.snap');
      const points: { revision: bigint; keyspace: readonly string[] }[] = [];
      for (let step = 0; step < steps; step += 1) {
        if (step === snapshotAt) await saveSnapshot(client, snapshotFile);
        await life.step();
        if (step > snapshotAt && random(20) === 0) {
          const { header } = await client.range({ key: Buffer.from('x') });
          points.push({ revision: header.revision, keyspace: await keyspaceAt(client, header.revision) });
        }
      }
      const last = await client.put(Buffer.from('/end'), Buffer.from('1'));
      await client.put(Buffer.from('/end'), Buffer.from('2'));
      const records = await history.until(last.revision);

      await using scratch = await ScratchEtcd.start(
        { binaries: scratchBinaries(version), snapshotFile, folder: join(folder, 'scratch') },
        never,
      );
      const replayed = await replay(
        stream(records),
        {
          pipe: scratch.pipe,
          leases: scratch.leases,
          fromRevision: scratch.startRevision,
          toRevision: last.revision,
        },
        never,
      );
      expect(replayed.lastRevision).toBe(last.revision);
      for (const { revision, keyspace } of points) {
        expect(await keyspaceAt(scratch.client, revision)).toEqual(keyspace);
      }
      expect(points.length).toBeGreaterThan(0);
      const compactAt = last.revision - 1n;
      await compact(client, compactAt);
      await compact(scratch.client, compactAt);
      const [original, again] = await Promise.all([
        hashKeyspace(client, last.revision),
        hashKeyspace(scratch.client, last.revision),
      ]);
      expect({ hash: again.hash, compactRevision: again.compactRevision }).toEqual({
        hash: original.hash,
        compactRevision: original.compactRevision,
      });
      expect((await scratch.client.range({ ...everything, countOnly: true })).header.revision).toBe(last.revision);
    },
  );
});
