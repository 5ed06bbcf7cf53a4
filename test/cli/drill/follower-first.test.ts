import { afterAll, beforeAll, expect, test } from 'vitest';
import { followerFirst } from '../../../src/cli/drill/follower-first.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { load, minimal } from '../../config/loading.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';

const signal = AbortSignal.timeout(60_000);
let cluster: RealCluster;
let leader: string;
let followers: readonly string[];

beforeAll(async () => {
  cluster = await startCluster({ members: 3 });
  const leads = async (endpoint: string): Promise<boolean> => {
    const client = new MemberClient({ member: 'm', endpoint });
    const { header, leaderId } = await client.status();
    client.close();
    return header.memberId === leaderId;
  };
  const known = await Promise.all(
    cluster.endpoints.map(async (endpoint) => ({ endpoint, leads: await leads(endpoint) })),
  );
  leader = known.find((each) => each.leads)?.endpoint ?? '';
  followers = known.filter((each) => !each.leads).map(({ endpoint }) => endpoint);
});
afterAll(() => cluster.close());

const askedFirst = async (...endpoints: readonly string[]): Promise<string> => {
  const [own = ''] = endpoints;
  const yaml = `${minimal}  endpoint: ${own}\ncluster: {endpoints: [${endpoints.join(', ')}]}\n`;
  return (await followerFirst((await load({ yaml })).config, signal)).member.endpoint;
};

test('a follower is asked rather than the raft leader, and the own one rather than another', async () => {
  expect(await askedFirst(leader, ...followers)).toBe(followers[0]);
  expect(await askedFirst(followers[1] ?? '', leader, followers[0] ?? '')).toBe(followers[1]);
});

test('a member that does not answer is passed over; where only the raft leader answers, the order stays', async () => {
  const nobody = 'http://127.0.0.1:1';
  expect(await askedFirst(nobody, leader, followers[0] ?? '')).toBe(followers[0]);
  expect(await askedFirst(leader, nobody)).toBe(leader);
});
