import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newestRevisionIn, requireNewest } from '../../../src/backup/restore/newest-revision.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { startCluster } from '../../real/cluster.ts';

test.each(['3.4', '3.5'] as const)(
  'the newest revision in the database of a member that has ended, etcd %s',
  async (version) => {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-newest-'));
    await using cluster = await startCluster({ version });
    const [member] = cluster.members;
    const database = join(member?.dataDir ?? '', 'member', 'snap', 'db');
    let revision = 1n;
    for (const writes of [1, 3000, 1]) {
      const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
      for (let n = 0; n < writes; n += 50) {
        const many = Array.from({ length: Math.min(50, writes) }, (_, i) =>
          client.put(Buffer.from(`/k/${n + i}`), Buffer.alloc(i === 7 ? 100_000 : 100)),
        );
        for (const reply of await Promise.all(many)) if (reply.revision > revision) revision = reply.revision;
      }
      client.close();
      await member?.stop();
      expect(await newestRevisionIn(database)).toBe(revision);
      await requireNewest(database, revision);
      await expect(requireNewest(database, revision - 1n)).rejects.toMatchObject({ code: 'SCRATCH_REVISION' });
      await member?.start();
    }
    await writeFile(join(folder, 'none'), Buffer.alloc(100_000));
    await expect(newestRevisionIn(join(folder, 'none'))).rejects.toThrow('no meta page');
    await rm(folder, { recursive: true, force: true });
  },
);
