import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { findPlaces } from '../../../src/backup/places.ts';
import { makeDataDir } from '../../../src/backup/restore/restorer.ts';
import { openStore } from '../../../src/backup/store/open-store.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { startCluster } from '../../real/cluster.ts';
import { patience } from '../caretaker/acting-agents.ts';
import { keeping } from './keeping.ts';

const never = new AbortController().signal;

it('a cluster restored with its names and token, that has written past what is stored, begins a new timeline', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-forked-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const cluster = stack.use(await startCluster());
  const [member] = cluster.members;
  if (member === undefined) throw new Error('there is no member');
  const client = new MemberClient({ member: 'm1', endpoint: member.endpoint });
  stack.defer(() => client.close());
  const write = async (what: string): Promise<bigint> => {
    let last = 0n;
    for (let n = 0; n < 30; n += 1) ({ revision: last } = await client.put(Buffer.from('k'), Buffer.from(what)));
    return last;
  };
  const whole = openStore(`file://${folder}/store`);
  const begin = () => keeping(client, folder, { store: `file://${folder}/store`, 'encryption.mode': 'none' });
  const backedUp = async (): Promise<string> => {
    await using all = await begin();
    await vi.waitFor(() => expect(all.view().newestFull).toBeDefined(), patience);
    const last = await write('once');
    await vi.waitFor(() => expect(all.keeper.durableRevision()).toBeGreaterThanOrEqual(last), patience);
    return all.view().timeline ?? '';
  };

  const timeline = await backedUp();
  const snapshotFile = join(folder, 'snapshot.db');
  await cluster.etcdctl('snapshot', 'save', snapshotFile);
  // Later, and in the store only.
  expect(await backedUp()).toBe(timeline);
  const place = storeAt(whole, `prod/${timeline}`);
  const before = await readCatalogue(place);
  const { clusterId } = (await client.status()).header;

  await member.kill();
  await rm(member.dataDir, { recursive: true });
  const { etcd, etcdutl, etcdctl } = cluster.binaries;
  const identity = {
    ...{ name: 'm1', initialCluster: `m1=${member.peerUrl}`, initialAdvertisePeerUrls: member.peerUrl },
    initialClusterToken: cluster.folder,
  };
  const binaries = { etcd, restorer: etcdutl ?? etcdctl };
  await makeDataDir(binaries, { snapshotFile, dataDir: member.dataDir, identity }, never);
  await member.start();
  expect((await client.status()).header.clusterId).toBe(clusterId);
  for (let n = 0; n < 3; n += 1) await write('otherwise');

  await using all = await begin();
  await vi.waitFor(() => {
    expect(all.view().newestFull).toBeDefined();
    expect(all.view().timeline).not.toBe(timeline);
  }, patience);
  expect(all.faults).toContain('TIMELINE_FORKED backing up');
  expect((await findPlaces(whole)).map(({ timeline: id }) => id).toSorted()).toEqual(
    [timeline, all.view().timeline].toSorted(),
  );
  // Nothing of the new history has come into the old one.
  expect((await readCatalogue(place)).segments).toEqual(before.segments);
});
