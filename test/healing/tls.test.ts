import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemberClient } from '../../src/etcd/member-client.ts';
import { type Certificates, createCertificates } from '../real/certificates.ts';
import { TendedCluster } from './tended-cluster.ts';

describe('three agents and members that ask everybody for a certificate', () => {
  let folder: string;
  let cluster: TendedCluster;
  let certs: Certificates;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-tls-'));
    certs = await createCertificates(join(folder, 'own'));
    const set = { 'heal.quorumLoss': 'auto', 'heal.quorumLossAfter': '3s' };
    cluster = await TendedCluster.start({ certs, set });
    await cluster.untilWell();
  });
  afterAll(async () => {
    await cluster?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('start the members again, one after the other, when an authority is added: etcd reads its CA file only at its start', async () => {
    const { ca } = certs;
    const before = cluster.members.map((member) => member.etcdPid());
    const others = await createCertificates(join(folder, 'others'));
    const { endpoint } = cluster.member('m1');
    // Of an authority that nobody knows yet.
    const stranger = new MemberClient({
      ...{ member: 'm1', endpoint, callTimeoutMs: 2000 },
      tls: { ca, cert: others.cert, key: others.key },
    });
    await expect(stranger.status()).rejects.toThrow();
    // What is written while etcd starts it may have read.
    await sleep(6000);
    await writeFile(ca, `${await readFile(ca, 'utf8')}${await readFile(others.ca, 'utf8')}`);
    await expect
      .poll(() => cluster.members.filter((member, at) => ![undefined, before[at]].includes(member.etcdPid())).length, {
        timeout: 100_000,
        interval: 200,
      })
      .toBe(3);
    await cluster.untilWell();
    await expect.poll(() => stranger.status().catch(() => undefined), { timeout: 20_000 }).toBeDefined();
    stranger.close();
    await expect.poll(async () => cluster.slot(), { timeout: 60_000 }).toBeUndefined();
  }, 240_000);

  test('find together to begin, and bring back what a store has when every disk is gone', async () => {
    const client = cluster.client();
    await client.put(Buffer.from('kept'), Buffer.from('1'));
    await cluster.untilStored();
    client.close();
    for (const member of cluster.members) member.killEtcd();
    await Promise.all(cluster.members.map((member) => member.wipeData()));
    // A recovery that did not come to its end on a busy machine is taken up again after a minute.
    await cluster.untilWell(undefined, 240_000);
    const again = cluster.client('m2');
    expect((await again.range({ key: Buffer.from('kept') })).kvs).toHaveLength(1);
    again.close();
  }, 300_000);
});
