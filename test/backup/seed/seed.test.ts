import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Seeded, type SeedOptions, seedFromSurvivor } from '../../../src/backup/seed/seed.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { inspectDataDir } from '../../../src/datadir/inspect.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type EtcdLine, findBinaries } from '../../real/binaries.ts';
import { type RealCluster, type RealMember, startCluster } from '../../real/cluster.ts';
import { keyspaceAt, ObservedHistory } from '../restore/observed-history.ts';
import { startRestored } from '../restore/restored-member.ts';
import { writeFull, writeSegments } from '../restore/written-backup.ts';

const never = new AbortController().signal;
const key = (index: number): Buffer => Buffer.from(`/keys/${index}`);

describe.each<EtcdLine>(['3.4', '3.5'])('a cluster begins again with what one member has, etcd %s', (version) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-seed-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const seeded = async (survivor: RealMember, more: Partial<SeedOptions> = {}): Promise<Seeded> => {
    const { etcd, etcdutl, etcdctl } = findBinaries(version);
    const { dataDir } = survivor;
    const found = await inspectDataDir({ dataDir }, never, { depth: 'full' });
    if (found.state !== 'intact') throw new Error(`the survivor is ${found.state}`);
    return await seedFromSurvivor(
      {
        survivor: { dataDir, walDir: join(dataDir, 'member/wal'), wal: found },
        binaries: { etcd, restorer: etcdutl ?? etcdctl },
        output: {
          dataDir,
          identity: {
            name: 'default',
            initialCluster: 'default=http://localhost:2380',
            initialClusterToken: 'begun-again',
            initialAdvertisePeerUrls: 'http://localhost:2380',
          },
        },
        how: { asideAs: 'quarantine-now-recover' },
        ...more,
      },
      never,
    );
  };

  test('nothing is lost that the survivor had in its log, also what it did not yet know to be committed', async () => {
    // Else etcd takes no member in for its first five seconds.
    const extraArgs = ['--strict-reconfig-check=false'];
    await using cluster = await startCluster({ version, members: 3, extraArgs });
    // --force-new-cluster leaves learners in its list below 3.5.25: what is made of it has a list of its own.
    await cluster.etcdctl('member', 'add', 'learner', '--learner', '--peer-urls', 'http://127.0.0.1:1');
    const [leader, follower] = await byLeadership(cluster);
    let acknowledged = 0;
    using client = closing(leader);
    const writing = (async () => {
      for (let index = 1; ; index += 1) {
        await client.put(key(index), Buffer.from(`${index}`));
        acknowledged = index;
      }
    })().catch(() => undefined);
    await reached(() => acknowledged > 200);
    await Promise.all(cluster.members.map((member) => member.kill()));
    await writing;
    // A write takes a majority: whoever has the newest log has all that was acknowledged.
    const survivor = (await hasMore(leader, follower)) ? leader : follower;
    const result = await seeded(survivor);
    expect(result).toMatchObject({ bumpMissing: false, quarantined: [`${survivor.dataDir}.quarantine-now-recover`] });
    await using member = await startRestored(cluster.binaries.etcd, survivor.dataDir);
    const { kvs } = await member.client.range({ key: key(acknowledged) });
    expect(kvs[0]?.value.toString()).toBe(`${acknowledged}`);
    expect((await member.client.memberList()).members).toHaveLength(1);
    expect(await leftBeside(survivor)).toEqual(['data', 'data.quarantine-now-recover']);
  });

  test('what a store has beyond a member that had fallen behind is added exactly', async () => {
    await using cluster = await startCluster({ version, members: 3 });
    const [leader, behind] = await byLeadership(cluster);
    using client = closing(leader);
    await using history = await ObservedHistory.begin(client, () => 3600);
    const store = new LocalStore(join(folder, 'store'));
    const { manifest } = await writeFull(store, client, join(folder, 'spool'));
    for (let index = 1; index <= 20; index += 1) await client.put(key(index % 7), Buffer.from(`${index}`));
    using slow = closing(behind);
    await reached(async () => (await revisionOf(slow)) === (await revisionOf(client)));
    await behind.kill();
    const behindAt = await revisionOf(client);
    for (let index = 21; index <= 60; index += 1) {
      if (index % 5 === 0) await client.deleteRange(key(index % 7));
      else await client.put(key(index % 7), Buffer.from(`${index}`));
    }
    const revision = await revisionOf(client);
    const keyspace = await keyspaceAt(client, revision);
    // Only by the next one is it seen that a revision is whole.
    await client.put(Buffer.from('/later'), Buffer.from('1'));
    const records = await history.until(revision);
    // One of the segments begins before the survivor's end.
    await writeSegments(store, records, [manifest.lastRevision + 1n, revision], { every: 13 });
    await Promise.all(cluster.members.map((member) => member.kill()));
    const deltas = { store, clusterId: manifest.clusterId };
    const result = await seeded(behind, { deltas });
    expect(result).toMatchObject({ survivorRevision: behindAt, revision });
    await using member = await startRestored(cluster.binaries.etcd, behind.dataDir);
    expect(await keyspaceAt(member.client, revision)).toEqual(keyspace);
  });
});

/** The raft leader first. */
async function byLeadership(cluster: RealCluster): Promise<readonly [RealMember, RealMember]> {
  const told = await Promise.all(
    cluster.members.map(async (member) => {
      using client = closing(member);
      const { header, leaderId } = await client.status();
      return { member, isLeader: header.memberId === leaderId };
    }),
  );
  const [leader, follower] = told.toSorted((a, b) => Number(b.isLeader) - Number(a.isLeader));
  if (leader === undefined || follower === undefined) throw new Error('too few members');
  return [leader.member, follower.member];
}

async function hasMore(a: RealMember, b: RealMember): Promise<boolean> {
  const [one, other] = await Promise.all(
    [a, b].map(async ({ dataDir }) => {
      const found = await inspectDataDir({ dataDir }, never, { depth: 'full' });
      return found.state === 'intact' ? found.lastIndex : 0n;
    }),
  );
  return (one ?? 0n) >= (other ?? 0n);
}

function closing({ name, endpoint }: RealMember): MemberClient & Disposable {
  const client = new MemberClient({ member: name, endpoint });
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

async function reached(condition: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(condition, { timeout: 60_000, interval: 20 }).toBe(true);
}

async function leftBeside({ dataDir }: RealMember): Promise<readonly string[]> {
  return (await readdir(join(dataDir, '..'))).toSorted();
}

async function revisionOf(client: MemberClient): Promise<bigint> {
  return (await client.status()).header.revision;
}
