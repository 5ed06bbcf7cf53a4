import { expect, test } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import type { StatusReply } from '../../src/etcd/types.ts';
import { clusterCollector } from '../../src/observe/cluster.ts';
import { collectOnce } from '../fixtures/sources.ts';
import { startCluster } from '../real/cluster.ts';

const options = (endpoint: string, status: () => Promise<StatusReply>) => ({
  member: 'm1',
  ownEndpoint: endpoint,
  endpoints: [endpoint],
  clientOf: () => ({ status }),
  retain: () => undefined,
  statusTimeoutMs: 2000,
});
const askedAgain = (): Promise<never> => Promise.reject(new Error('the own member was asked again'));

test.each(['3.4', '3.5'] as const)(
  'on etcd %s the own reply of the round is enough, and tells the alarms',
  async (version) => {
    await using cluster = await startCluster({ version, quotaBytes: 2 * 1024 ** 2 });
    const endpoint = cluster.endpoints[0] ?? '';
    const client = new MemberClient({ member: 'm1', endpoint });
    try {
      const value = Buffer.alloc(512 * 1024);
      const put = (): Promise<unknown> =>
        client.put(Buffer.from(`fill/${Math.random()}`), value).catch(() => undefined);
      while ((await client.alarms()).length === 0) await put();
      const sources = { ownReply: () => client.status(), members: () => client.memberList() };
      const section = await collectOnce(clusterCollector(options(endpoint, askedAgain)), sources);
      expect(section.members).toMatchObject([{ name: 'm1', reachable: true }]);
      expect(section.alarms).toMatchObject([{ member: 'm1', alarm: 'NOSPACE' }]);
      expect(section.findings.map(({ code }) => code)).not.toContain('ALARMS_UNKNOWN');
    } finally {
      client.close();
    }
  },
);

test('where no member says its status, it is said that the alarms are not known', async () => {
  await using cluster = await startCluster({ version: '3.5' });
  const endpoint = cluster.endpoints[0] ?? '';
  const client = new MemberClient({ member: 'm1', endpoint });
  try {
    const refused = (): Promise<never> => Promise.reject(new Error('status refused'));
    const sources = { ownReply: refused, members: () => client.memberList() };
    const section = await collectOnce(clusterCollector(options(endpoint, refused)), sources);
    expect(section.alarms).toEqual([]);
    expect(section.findings.map(({ code }) => code)).toContain('ALARMS_UNKNOWN');
  } finally {
    client.close();
  }
});
