import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { refuseLocked } from '../../../src/agent/last-gasp/refuse-locked.ts';
import { dataDirGasp } from '../../../src/backup/last-gasp/data-dir-source.ts';
import { databaseFileGasp } from '../../../src/backup/last-gasp/database-file-source.ts';
import { GASP_SNAPSHOT, snapshotGasp } from '../../../src/backup/last-gasp/snapshot-source.ts';
import { type GaspPlace, takeGasp } from '../../../src/backup/last-gasp/take.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { EtcdLine } from '../../real/binaries.ts';
import { type ClusterOptions, type RealCluster, type RealMember, startCluster } from '../../real/cluster.ts';
import { keyspaceAt } from '../restore/observed-history.ts';
import { startRestored } from '../restore/restored-member.ts';
import { checkedManifest, restoreSnapshot } from './gasp-files.ts';

const never = new AbortController().signal;
/** Etcd's files are only copied once they have stood still for a while. */
const settled = { timeout: 60_000, interval: 200 };
const app = { key: Buffer.from('/app/'), rangeEnd: Buffer.from('/app0') };
const lines: readonly EtcdLine[] = ['3.4', '3.5'];

describe('a member of a cluster that has lost its quorum', () => {
  let folder: string;
  let place: GaspPlace;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-gasp-'));
    place = { dir: join(folder, 'gasps'), owner: { clusterName: 'test', member: 'm1' }, keep: 2 };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const m1 = ({ members: [member] }: RealCluster): RealMember => {
    if (member === undefined) throw new Error('no member');
    return member;
  };

  /** Writes through the first member: what it has acknowledged it has. Gives the last revision. */
  async function write(client: MemberClient): Promise<bigint> {
    let last = 0n;
    for (let i = 0; i < 60; i += 1) {
      const { revision } = await client.put(Buffer.from(`/app/${i % 25}`), Buffer.from(`value ${i}`));
      last = revision;
    }
    return (await client.deleteRange(Buffer.from('/app/7'))).header.revision ?? last;
  }

  /** Kills all but the first member, and waits until that one knows of no leader. */
  async function loseQuorum(cluster: RealCluster, client: MemberClient): Promise<void> {
    await Promise.all(cluster.members.slice(1).map((member) => member.kill()));
    await vi.waitFor(async () => expect((await client.status()).leaderId).toBe('0'), { timeout: 60_000 });
  }

  it.each([...lines.map((version) => ({ version, members: 3 })), ...lines.map((version) => ({ version, members: 5 }))])(
    'gives a snapshot with all that it has acknowledged: etcd $version, the last of $members',
    async (options) => {
      await using cluster = await startCluster(options);
      const member = m1(cluster);
      const client = new MemberClient({ member: 'm1', endpoint: member.endpoint });
      const last = await write(client);
      await loseQuorum(cluster, client);
      const { gasp, isNew } = await takeGasp(snapshotGasp(client), place, never);
      const { raftIndex, header } = await client.status();
      client.close();

      expect([gasp.source, gasp.revision, isNew]).toEqual(['snapshot', last, true]);
      const manifest = await checkedManifest(gasp.path);
      expect(manifest).toMatchObject({
        ...{ clusterName: 'test', member: 'm1', memberId: header.memberId, clusterId: header.clusterId },
        content: { revision: String(last), keys: 24, keysExact: true },
        raft: { appliedIndex: String(raftIndex) },
      });
      const dataDir = join(folder, 'restored');
      await restoreSnapshot(cluster.binaries, join(gasp.path, GASP_SNAPSHOT), dataDir);
      await using restored = await startRestored(cluster.binaries.etcd, dataDir);
      const { kvs, header: at } = await restored.client.range({
        key: Buffer.from('/app/'),
        rangeEnd: Buffer.from('/app0'),
      });
      expect(at.revision).toBe(last);
      expect(kvs).toHaveLength(24);
      expect(kvs.map(({ value }) => String(value)).sort()).toEqual(valuesWritten());
    },
  );

  it.each(lines)(
    'leaves its data dir when it is killed too, with all that it has acknowledged: etcd %s',
    async (version) => {
      await using cluster = await startCluster({ members: 3, version });
      const member = m1(cluster);
      const client = new MemberClient({ member: 'm1', endpoint: member.endpoint });
      const last = await write(client);
      const stopped = { dataDir: member.dataDir, walDir: join(member.dataDir, 'member/wal'), refuseLocked };
      // While it runs its files are not of one moment.
      await expect(takeGasp(dataDirGasp(stopped), place, never)).rejects.toMatchObject({
        code: 'LAST_GASP_MEMBER_RUNS',
      });
      await loseQuorum(cluster, client);
      client.close();
      await member.kill();
      const { gasp } = await vi.waitFor(() => takeGasp(dataDirGasp(stopped), place, never), settled);

      expect([gasp.source, gasp.revision]).toEqual(['data-dir', last]);
      await checkedManifest(gasp.path);
      for (const name of ['snap', 'wal']) {
        const own = join(member.dataDir, 'member', name);
        const files = (await readdir(own)).filter((file) => !file.endsWith('.tmp'));
        expect(await readdir(join(gasp.path, 'data/member', name))).toEqual(files);
        for (const file of files) {
          const copy = await readFile(join(gasp.path, 'data/member', name, file));
          expect(copy.equals(await readFile(join(own, file)))).toBe(true);
        }
      }
      await using restored = await startRestored(cluster.binaries.etcd, join(gasp.path, 'data'), undefined, [
        '--force-new-cluster',
      ]);
      const { kvs, header: at } = await restored.client.range(app);
      expect(at.revision).toBe(last);
      expect(kvs.map(({ value }) => String(value)).sort()).toEqual(valuesWritten());
    },
  );

  describe.each(lines)('with authentication, etcd %s', (version) => {
    const options: ClusterOptions = { members: 3, version, auth: { rootPassword: 'secret' } };

    it('gives a snapshot to who has a token, and its database file stands in for it to who has none', async () => {
      await using cluster = await startCluster(options);
      const member = m1(cluster);
      const passwordFile = join(folder, 'password');
      await writeFile(passwordFile, 'secret\n', { mode: 0o600 });
      const connect = () =>
        new MemberClient({
          member: 'm1',
          endpoint: member.endpoint,
          auth: { username: 'root', passwordFile },
          callTimeoutMs: 2000,
        });
      const client = connect();
      const last = await write(client);
      const live = await keyspaceAt(client, last);
      await loseQuorum(cluster, client);
      const known = await takeGasp(snapshotGasp(client), place, never);
      expect(known.gasp.revision).toBe(last);

      // A token takes a write to the log, and so a quorum.
      const late = connect();
      await expect(takeGasp(snapshotGasp(late), place, never)).rejects.toMatchObject({ code: 'ETCD_DEADLINE' });
      late.close();
      const { gasp } = await vi.waitFor(
        () => takeGasp(databaseFileGasp({ member: 'm1', dataDir: member.dataDir }), place, never),
        settled,
      );
      expect([gasp.source, gasp.revision]).toEqual(['database-file', last]);
      await checkedManifest(gasp.path);
      client.close();
      const dataDir = join(folder, 'restored');
      await restoreSnapshot(cluster.binaries, join(gasp.path, GASP_SNAPSHOT), dataDir);
      await using restored = await startRestored(cluster.binaries.etcd, dataDir, {
        username: 'root',
        passwordFile,
      });
      expect(await keyspaceAt(restored.client, last)).toEqual(live);
    });
  });
});

/** As `write` leaves them. */
function valuesWritten(): readonly string[] {
  const values = new Map(Array.from({ length: 60 }, (_, i) => [i % 25, `value ${i}`]));
  values.delete(7);
  return [...values.values()].sort();
}
