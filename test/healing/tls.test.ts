import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificates } from '../real/certificates.ts';
import { TendedCluster } from './tended-cluster.ts';

describe('three agents and members that ask everybody for a certificate', () => {
  let folder: string;
  let cluster: TendedCluster;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-tls-'));
    const certs = await createCertificates(folder);
    const set = { 'heal.quorumLoss': 'auto', 'heal.quorumLossAfter': '3s' };
    cluster = await TendedCluster.start({ certs, set });
    await cluster.untilWell();
  });
  afterAll(async () => {
    await cluster?.close();
    await rm(folder, { recursive: true, force: true });
  });

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
