import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { gapsOf } from '../../../src/backup/chain.ts';
import type { CaptureClient } from '../../../src/backup/delta/capture-client.ts';
import { manifestKey } from '../../../src/backup/names.ts';
import { EtcdError } from '../../../src/etcd/errors.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { patience } from '../../agent/caretaker/acting-agents.ts';
import { startCluster } from '../../real/cluster.ts';
import { startTcpProxy } from '../../real/tcp-proxy.ts';
import { startCapturing } from './capturing.ts';
import { FolderStore } from './folder-store.ts';
import { observed, stored } from './observed.ts';

describe('a capture', () => {
  let folder: string;
  let store: FolderStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-capture-'));
    store = new FolderStore(join(folder, 'store'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const capturing = (client: MemberClient, through: CaptureClient = client) =>
    startCapturing(client, {
      client: through,
      spool: { folder: join(folder, 'spool'), maxBytes: 1e8 },
      destinations: [{ store, intervalMs: 0 }],
    });

  /** What the deltas follow: only its name counts here. */
  const putFull = (revision: bigint) =>
    store.put(manifestKey({ kind: 'full', revision, time: '20260101T120000Z', id: 'f' }), Buffer.from('{}'));

  /** A client whose watch leaves revision `missing` out, for so many watches. */
  const leavingOut = (client: MemberClient, missing: bigint, watches: number): CaptureClient => {
    let left = watches;
    return {
      range: (request, signal) => client.range(request, signal),
      status: (signal) => client.status(signal),
      leaseTimes: (id, signal) => client.leaseTimes(id, signal),
      authStatus: (signal) => client.authStatus(signal),
      async *watch(request, signal) {
        const honest = left <= 0;
        if ((request.startRevision ?? 0n) <= missing) left -= 1;
        for await (const batch of client.watch(request, signal)) {
          const events = batch.events.filter(({ kv }) => honest || kv.modRevision !== missing);
          yield { ...batch, events, kind: batch.kind === 'events' && events.length === 0 ? 'created' : batch.kind };
        }
      },
    };
  };

  test('asks again for what its watch has left out, and breaks the chain only where it is left out again', async () => {
    await using cluster = await startCluster();
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    const put = () => client.put(Buffer.from('k'), Buffer.from('v'));
    const { revision: before } = (await client.status()).header;
    {
      await using running = await capturing(client, leavingOut(client, before + 2n, 1));
      for (let i = 0; i < 4; i += 1) await put();
      const last = await running.storedAll();
      expect((await stored(store, before)).revisions).toEqual(await observed(client, before, last));
      expect(running.told.filter(({ kind }) => kind === 'chain-broken')).toEqual([]);
    }
    const { revision: next } = (await client.status()).header;
    await using running = await capturing(client, leavingOut(client, next + 2n, 100));
    for (let i = 0; i < 4; i += 1) await put();
    const last = await running.storedAll();
    const lost = { from: next + 2n, to: next + 2n };
    expect(running.told).toContainEqual({ kind: 'chain-broken', store: store.url, lost, reason: 'left-out' });
    expect(gapsOf(await readCatalogue(store))).toEqual([lost]);
    expect((await stored(store, next + 2n)).last).toBe(last);
    client.close();
  });

  test('says since when the member has had what a refused watch does not tell', async () => {
    await using cluster = await startCluster();
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    let refused = true;
    const through: CaptureClient = {
      range: (request, signal) => client.range(request, signal),
      status: (signal) => client.status(signal),
      leaseTimes: (id, signal) => client.leaseTimes(id, signal),
      authStatus: (signal) => client.authStatus(signal),
      async *watch(request, signal) {
        if (refused) throw new EtcdError('ETCD_PERMISSION_DENIED', 'permission denied');
        yield* client.watch(request, signal);
      },
    };
    await using running = await capturing(client, through);
    const { revision } = await client.put(Buffer.from('k'), Buffer.from('v'));
    const status = () => running.stream.status.capture;
    await vi.waitFor(() => expect(status().behindSinceMs).toBeDefined(), patience);
    const { behindSinceMs, liveRevision, fault } = status();
    expect({ liveRevision, code: fault?.code }).toEqual({ liveRevision: revision, code: 'ETCD_PERMISSION_DENIED' });
    await client.put(Buffer.from('k'), Buffer.from('w'));
    await vi.waitFor(() => expect(status().liveRevision).toBe(revision + 1n), patience);
    expect(status().behindSinceMs).toBe(behindSinceMs);
    refused = false;
    await vi.waitFor(() => expect(status().behindSinceMs).toBeUndefined(), patience);
    client.close();
  });

  test('goes on through a cut connection, a killed raft leader and a killed member', async () => {
    await using cluster = await startCluster({ members: 3 });
    const [watched, ...others] = cluster.members;
    if (watched === undefined) throw new Error('there is no member');
    const proxy = await startTcpProxy(Number(new URL(watched.endpoint).port));
    const direct = new MemberClient({ member: 'm2', endpoint: others[0]?.endpoint ?? '' });
    const client = new MemberClient({ member: 'm1', endpoint: `http://127.0.0.1:${proxy.port}` });
    const { revision: before } = (await client.status()).header;
    await putFull(before);
    const ending = new AbortController();
    const writing = (async () => {
      for (let i = 0; !ending.signal.aborted; i += 1) {
        await direct.put(Buffer.from(`k${i % 5}`), Buffer.from(String(i))).catch(() => undefined);
        await sleep(2);
      }
    })();
    await using running = await capturing(client);
    const seenMore = async (): Promise<void> => {
      const from = running.stream.status.capture.lastSeenRevision;
      while (running.stream.status.capture.lastSeenRevision < from + 20n) await sleep(10);
    };
    await seenMore();
    proxy.cut();
    await sleep(100);
    proxy.heal();
    await seenMore();
    await watched.kill();
    await watched.start();
    await seenMore();
    await others[1]?.kill();
    await others[1]?.start();
    await seenMore();
    ending.abort();
    await writing;
    const last = await running.storedAll();
    const inStore = await stored(store, before);
    expect([inStore.last, inStore.revisions]).toEqual([last, await observed(direct, before, last)]);
    expect(running.told.filter(({ kind }) => kind === 'chain-broken')).toEqual([]);
    await proxy.close();
    client.close();
    direct.close();
  });

  test('takes a lease that is gone before it can be asked for as one of zero seconds', async () => {
    await using cluster = await startCluster();
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    const { revision: before } = (await client.status()).header;
    const { id } = await client.grantLease(60);
    const { id: other } = await client.grantLease(70);
    await client.txn({ compare: [], changes: [{ put: Buffer.from('a'), value: Buffer.from('1'), lease: id }] });
    await client.txn({ compare: [], changes: [{ put: Buffer.from('b'), value: Buffer.from('1'), lease: other }] });
    await client.revokeLease(id);
    await putFull(before);
    await using running = await capturing(client);
    await running.storedAll();
    expect((await stored(store, before)).leases).toEqual(
      new Map([
        [id, 0],
        [other, 70],
      ]),
    );
    client.close();
  });
});
