import { afterAll, beforeAll, expect, test } from 'vitest';
import { admitWrites } from '../../../src/agent/caretaker/admit-writes.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { termWith } from '../../operate/operating.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';

let cluster: RealCluster;
let client: MemberClient;
let id: string;
beforeAll(async () => {
  cluster = await startCluster();
  client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  id = (await client.status()).header.memberId;
});
afterAll(async () => {
  client.close();
  await cluster.close();
});

const write = (): Promise<unknown> => client.put(Buffer.from('k'), Buffer.from('v'));
const raise = async (): Promise<void> => {
  const { maintenance } = await client.etcd3();
  await maintenance.alarm({ action: 'Activate', memberID: String(BigInt(`0x${id}`)), alarm: 'Corrupt' });
};

test('CORRUPT of the member that is to be replaced is taken back, so that the operation can be written down', async () => {
  await raise();
  await expect(write()).rejects.toMatchObject({ code: 'ETCD_CORRUPT' });
  const alarms = [{ memberId: id, member: 'm1', alarm: 'CORRUPT' as const }];
  const term = termWith([], 1n, 'a');
  const signal = new AbortController().signal;
  await admitWrites({ alarms }, 'another', { client, term }, signal);
  await expect(write()).rejects.toMatchObject({ code: 'ETCD_CORRUPT' });
  const over = termWith([], 1n, 'a');
  over.end();
  await expect(admitWrites({ alarms }, id, { client, term: over }, signal)).rejects.toMatchObject({
    code: 'TERM_LOST',
  });
  await expect(write()).rejects.toMatchObject({ code: 'ETCD_CORRUPT' });
  await admitWrites({ alarms }, id, { client, term }, signal);
  await write();
  expect(await client.alarms()).toEqual([]);
});
