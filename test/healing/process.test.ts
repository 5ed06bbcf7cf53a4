import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TendedCluster } from './tended-cluster.ts';

const soon = { timeout: 30_000, interval: 50 };

describe('three agents that start etcd themselves', () => {
  let cluster: TendedCluster;
  beforeAll(async () => {
    cluster = await TendedCluster.start();
    await cluster.untilWell();
  });
  afterAll(() => cluster.close());

  test('begin a cluster together, once every one of them has found everything empty', async () => {
    const client = cluster.client();
    await client.put(Buffer.from('begun'), Buffer.from('1'));
    client.close();
    expect(cluster.members.map(({ etcdPid }) => etcdPid())).not.toContain(undefined);
  });

  test('start a member again that was killed', async () => {
    const m1 = cluster.member('m1');
    const before = m1.etcdPid();
    m1.killEtcd();
    await vi.waitFor(() => expect(m1.etcdPid() ?? before).not.toBe(before), soon);
    await cluster.untilWell();
  });

  test('leave etcd running when they die, and find it again when they are started', async () => {
    const m2 = cluster.member('m2');
    const pid = m2.etcdPid();
    await m2.killAgent();
    await sleep(500);
    expect(m2.etcdPid()).toBe(pid);
    m2.startAgent();
    await vi.waitFor(async () => expect(await m2.own()).toMatchObject({ process: { pid, adopted: true } }), soon);
    m2.killEtcd();
    await vi.waitFor(() => expect(m2.etcdPid() ?? pid).not.toBe(pid), soon);
    await cluster.untilWell();
  });

  test('start nothing while somebody has paused the agent beside it', async () => {
    const m3 = cluster.member('m3');
    await writeFile(join(m3.folder, 'pause'), 'the disk is being replaced\n');
    m3.killEtcd();
    const paused = { process: { state: 'stopped' }, boot: { action: 'wait', reasons: [{ code: 'PAUSED_LOCALLY' }] } };
    await vi.waitFor(async () => expect(await m3.own()).toMatchObject(paused), soon);
    await rm(join(m3.folder, 'pause'));
    await cluster.untilWell();
  });
});
