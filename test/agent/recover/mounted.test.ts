import { execFileSync } from 'node:child_process';
import { chown, cp, lstat, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recoverWork } from '../../../src/agent/recover/work.ts';
import type { AgreedPlan } from '../../../src/cluster/recovery.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { hasToStay } from '../../../src/datadir/has-to-stay.ts';
import { listQuarantine, releaseQuarantine } from '../../../src/datadir/quarantine-list.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { EtcdLine } from '../../real/binaries.ts';
import { startCluster } from '../../real/cluster.ts';

const never = new AbortController().signal;
const AT_MS = Date.UTC(2026, 10, 30, 8, 15, 30);
const ASIDE = 'quarantine-20261130T081530Z-recover';
const OWNER = 4711;

test.each<EtcdLine>(['3.4', '3.5'])(
  'etcd %s is seeded inside a data dir that is a mount point, wherever it is cut off',
  async (version) => {
    await using cluster = await startCluster({ version });
    const [member] = cluster.members;
    if (member === undefined) throw new Error('no member');
    const { name, dataDir, endpoint, peerUrl } = member;
    const keys = async (): Promise<readonly string[]> => {
      const client = new MemberClient({ member: name, endpoint });
      const { kvs } = await client.range({ key: Buffer.from('/'), rangeEnd: Buffer.from('0') });
      client.close();
      return kvs.map(({ key }) => key.toString());
    };
    const client = new MemberClient({ member: name, endpoint });
    await client.put(Buffer.from('/there'), Buffer.from('it is'));
    client.close();
    await member.kill();
    const { config } = await loadConfig({ env: {}, flags: { 'member.name': name, 'member.dataDir': dataDir } });
    const { etcd, etcdutl, etcdctl } = cluster.binaries;
    const work = recoverWork(config, () => ({ etcd, restorer: etcdutl ?? etcdctl }));
    const plan: AgreedPlan = {
      ...{ kind: 'seed-from-member', id: 'plan-0001', atMs: AT_MS, seed: name, lost: [] },
      heard: [{ name, agentUrl: '', peerUrl }],
      bound: { revisions: 0n, seconds: 0, basis: '' },
    };
    const disk = `${dataDir}-disk`;
    await rename(dataDir, disk);
    await mkdir(dataDir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512m', 'tmpfs', dataDir]);
    try {
      await cp(join(disk, 'member'), join(dataDir, 'member'), { recursive: true });
      await chown(join(dataDir, 'member'), OWNER, OWNER);
      await mkdir(join(dataDir, '.member.restoring-cut-off'));
      await work.seed(plan, never);
      expect((await readdir(dataDir)).toSorted()).toEqual(['member', ASIDE]);
      expect(await lstat(join(dataDir, 'member/snap/db'))).toMatchObject({ uid: OWNER, gid: OWNER });
      // Cut off when the old data had gone aside, and the new ones were not in place.
      await rm(join(dataDir, 'member'), { recursive: true });
      await work.seed(plan, never);
      // Cut off before the step was written down.
      await work.seed(plan, never);
      await member.start();
      expect(await keys()).toEqual(['/there']);
      await member.stop();

      const listed = await listQuarantine({ dataDir }, never);
      expect(listed.map(({ path, reason }) => [path, reason])).toEqual([[join(dataDir, ASIDE), 'recover']]);
      const seenMs = (): number => 1;
      const keep = { nowMs: AT_MS + 2, keepMs: 1, seenMs, shortBytes: 0 };
      expect(await releaseQuarantine({ dataDir }, keep, never)).toHaveLength(1);
      expect(await readdir(dataDir)).toEqual(['member']);
    } finally {
      await member.kill();
      execFileSync('umount', ['--lazy', dataDir]);
    }
  },
);

test('a data dir has to stay where it is mounted, also from the same disk, or has something else in it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-stays-'));
  const [plain, other, mounted] = ['plain', 'other', 'mount ed'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [plain, other, mounted]) await mkdir(join(path, 'member'), { recursive: true });
  await writeFile(join(other, 'notes.txt'), 'mine');
  execFileSync('mount', ['--bind', mounted, mounted]);
  try {
    const stays = await Promise.all([plain, join(folder, 'absent'), other, mounted].map(hasToStay));
    expect(stays).toEqual([false, false, true, true]);
  } finally {
    execFileSync('umount', [mounted]);
    await rm(folder, { recursive: true });
  }
});
