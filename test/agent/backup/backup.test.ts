import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { chainsOf, gapsOf } from '../../../src/backup/chain.ts';
import { choosePlace, findPlaces } from '../../../src/backup/places.ts';
import { restore } from '../../../src/backup/restore/restore.ts';
import { openStore } from '../../../src/backup/store/open-store.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import { verifyStore } from '../../../src/backup/verify/verify-store.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { keyspaceAt } from '../../backup/restore/observed-history.ts';
import { startRestored } from '../../backup/restore/restored-member.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { actingAgents, patience } from '../caretaker/acting-agents.ts';

const never = new AbortController().signal;

describe('agents that back their cluster up', () => {
  let folder: string;
  let url: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-agent-backup-'));
    url = `file://${join(folder, 'store')}`;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** The one timeline of the store, once there is one. */
  async function timeline(): Promise<Store> {
    const whole = openStore(url);
    const { cluster, timeline: id } = choosePlace(await findPlaces(whole, never), {}, url);
    return storeAt(whole, `${cluster}/${id}`);
  }

  async function write(client: MemberClient, from: number, until: number): Promise<bigint> {
    let last = 0n;
    for (let i = from; i < until; i += 1) {
      const { revision } = await client.put(Buffer.from(`/app/${i % 50}`), Buffer.from(`value ${i}`));
      last = revision;
    }
    return last;
  }

  /** Waits until the newest chain goes as far as this. */
  async function stored(revision: bigint): Promise<Store> {
    return await vi.waitFor(async () => {
      const store = await timeline();
      const [newest] = chainsOf(await readCatalogue(store));
      if (newest === undefined || newest.lastRevision < revision) {
        throw new Error(`the store has ${newest?.lastRevision}, and ${revision} is waited for`);
      }
      return store;
    }, patience);
  }

  it('lose nothing when the leading agent ends and another goes on, and all of it can be restored', async () => {
    await using cluster: RealCluster = await startCluster({ members: 3 });
    await using acting = await actingAgents(cluster, { 'backup.store': url, 'backup.delta.interval': '200ms' });
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    const { id } = await client.grantLease(3600);
    await client.txn({
      compare: [],
      changes: [{ put: Buffer.from('/leased'), value: Buffer.from('x'), lease: id }],
    });
    await stored(await write(client, 0, 200));
    const first = await acting.leader();
    await first.close();
    // While nobody captures.
    await write(client, 200, 300);
    await vi.waitFor(() => {
      const others = acting.agents.filter((agent) => agent !== first);
      expect(others.some((agent) => agent.observation().caretaking?.leads)).toBe(true);
    }, patience);
    await client.deleteRange(Buffer.from('/app/1'), Buffer.from('/app/2'));
    const last = await write(client, 300, 400);
    const store = await stored(last);

    const catalogue = await readCatalogue(store);
    expect(gapsOf(catalogue)).toEqual([]);
    expect(new Set(catalogue.segments.map(({ name }) => name.epoch)).size).toBe(2);
    expect((await verifyStore({ store }, never)).findings).toEqual([]);

    const live = await keyspaceAt(client, last);
    client.close();
    const { etcd, etcdutl = '', etcdctl } = cluster.binaries;
    const dataDir = join(folder, 'restored');
    const result = await restore(
      {
        store,
        target: { kind: 'revision', revision: last },
        output: {
          kind: 'data-dirs',
          dirs: [
            {
              dataDir,
              identity: {
                name: 'default',
                initialCluster: 'default=http://localhost:2380',
                initialClusterToken: 'again',
                initialAdvertisePeerUrls: 'http://localhost:2380',
              },
            },
          ],
        },
        binaries: { etcd, restorer: etcdutl || etcdctl },
      },
      never,
    );
    expect([result.revision, result.lost]).toEqual([last, undefined]);
    await using restored = await startRestored(etcd, dataDir);
    expect(await keyspaceAt(restored.client, last)).toEqual(live);
  });
});
