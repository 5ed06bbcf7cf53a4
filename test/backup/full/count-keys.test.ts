import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countKeys } from '../../../src/backup/full/count-keys.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';

describe.each(['3.4', '3.5'] as const)('keys of a snapshot of etcd %s', (version) => {
  let cluster: RealCluster;
  let client: MemberClient;
  const { signal } = new AbortController();
  beforeAll(async () => {
    cluster = await startCluster({ version });
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    // Revisions 2 to 11.
    for (let i = 0; i < 10; i += 1) await client.put(Buffer.from(`${i}`), Buffer.from('x'));
  });
  afterAll(async () => {
    client.close();
    await cluster.close();
  });

  test('are counted by the member, as of then', async () => {
    const count = await countKeys(client, { revision: 6n, keys: { atLeast: 5, atMost: 5 } }, signal);
    expect(count).toEqual({ keys: 5, by: 'member', agrees: true });
  });

  test('are what the member says, also where the content cannot agree, and that is said', async () => {
    for (const keys of [
      { atLeast: 6, atMost: 9 },
      { atLeast: 1, atMost: 4 },
    ]) {
      const count = await countKeys(client, { revision: 6n, keys }, signal);
      expect(count).toEqual({ keys: 5, by: 'member', agrees: false });
    }
  });

  test('are what the content says where the member knows that revision no more, or not at all', async () => {
    await cluster.etcdctl('compact', '8');
    const exact = { atLeast: 5, atMost: 5 };
    expect(await countKeys(client, { revision: 6n, keys: exact }, signal)).toMatchObject({ keys: 5, by: 'content' });
    const bounds = { atLeast: 4, atMost: 7 };
    expect(await countKeys(client, { revision: 6n, keys: bounds }, signal)).toMatchObject({ keys: 7, by: 'at most' });
    expect(await countKeys(client, { revision: 99n, keys: exact }, signal)).toMatchObject({ by: 'content' });
  });

  test('are not counted when nobody waits any more', async () => {
    const counting = countKeys(client, { revision: 9n, keys: { atLeast: 0, atMost: 0 } }, AbortSignal.abort());
    await expect(counting).rejects.toMatchObject({ code: 'ETCD_ABORTED' });
  });

  test('without a quorum they are counted all the same', async () => {
    await using three = await startCluster({ version, members: 3 });
    const [first, ...others] = three.members;
    const alone = new MemberClient({ member: 'm1', endpoint: first?.endpoint ?? '' });
    try {
      await alone.put(Buffer.from('a'), Buffer.from('x'));
      await Promise.all(others.map((member) => member.kill()));
      const count = await countKeys(alone, { revision: 2n, keys: { atLeast: 1, atMost: 1 } }, signal);
      expect(count).toEqual({ keys: 1, by: 'member', agrees: true });
    } finally {
      alone.close();
    }
  });
});
