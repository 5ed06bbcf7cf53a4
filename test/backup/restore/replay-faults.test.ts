import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import { type ReplayOptions, replay } from '../../../src/backup/restore/replay.ts';
import { ScratchEtcd } from '../../../src/backup/restore/scratch-etcd.ts';
import { grantLeaseAs } from '../../../src/etcd/lease-calls.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type EtcdLine, findBinaries } from '../../real/binaries.ts';
import { startCluster } from '../../real/cluster.ts';
import { putAt } from '../delta/segments.ts';
import { keyspaceAt, ObservedHistory, saveSnapshot, stream } from './observed-history.ts';

const never = new AbortController().signal;

function scratchBinaries(version: EtcdLine) {
  const { etcd, etcdutl, etcdctl } = findBinaries(version);
  return { etcd, restorer: etcdutl ?? etcdctl };
}

describe.each<EtcdLine>(['3.4', '3.5'])('a replay into a scratch etcd %s', (version) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-replay-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const scratchOf = (snapshotFile: string): Promise<ScratchEtcd> =>
    ScratchEtcd.start({ binaries: scratchBinaries(version), snapshotFile, folder: join(folder, 'scratch') }, never);
  const replayed = (scratch: ScratchEtcd, records: AsyncIterable<DeltaRecord>, options: Partial<ReplayOptions> = {}) =>
    replay(
      records,
      { pipe: scratch.pipe, leases: scratch.leases, fromRevision: scratch.startRevision, ...options },
      never,
    );
  /** A snapshot of a cluster that `prepare` has worked on. */
  const snapshotOf = async (prepare: (client: MemberClient) => Promise<unknown>): Promise<string> => {
    await using cluster = await startCluster({ version });
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    await prepare(client);
    const file = join(folder, 'full.snap');
    await saveSnapshot(client, file);
    client.close();
    return file;
  };

  test('of a store with authentication is made as root', async () => {
    const password = 'secret';
    await using cluster = await startCluster({ version, auth: { rootPassword: password } });
    const passwordFile = join(folder, 'password');
    await import('node:fs/promises').then(({ writeFile }) => writeFile(passwordFile, password));
    const client = new MemberClient({
      member: 'm1',
      endpoint: cluster.endpoints[0] ?? '',
      auth: { username: 'root', passwordFile },
    });
    await using history = await ObservedHistory.begin(client, () => 60);
    await grantLeaseAs(client, { id: 77n, ttlSeconds: 60 });
    await client.put(Buffer.from('/a'), Buffer.from('1'));
    const file = join(folder, 'full.snap');
    await saveSnapshot(client, file);
    for (let n = 0; n < 200; n += 1) await client.put(Buffer.from(`/k/${n % 9}`), Buffer.from(String(n)));
    await client.txn({ compare: [], changes: [{ put: Buffer.from('/leased'), value: Buffer.from('v'), lease: 77n }] });
    const last = (await client.deleteRange(Buffer.from('/a'))).header.revision;
    await client.put(Buffer.from('/end'), Buffer.from('1'));
    const records = await history.until(last);
    await using scratch = await scratchOf(file);
    const { lastRevision } = await replayed(scratch, stream(records), { toRevision: last });
    expect(lastRevision).toBe(last);
    expect(await keyspaceAt(scratch.client, last)).toEqual(await keyspaceAt(client, last));
    client.close();
  });

  test('takes longer than the shortest leases live, and none of them ends', async () => {
    const file = await snapshotOf(async (client) => {
      await grantLeaseAs(client, { id: 5n, ttlSeconds: 2 });
      await client.txn({ compare: [], changes: [{ put: Buffer.from('/short'), value: Buffer.from('v'), lease: 5n }] });
    });
    await using scratch = await scratchOf(file);
    const first = scratch.startRevision + 1n;
    const slowly = async function* (): AsyncGenerator<DeltaRecord, void, undefined> {
      yield { kind: 'lease', grant: { id: 6n, ttlSeconds: 1 } };
      for (let n = 0n; n < 8n; n += 1n) {
        const record = putAt(first + n);
        if (record.kind === 'revision' && n === 0n) {
          const events = record.batch.events.map((event) => ({ ...event, lease: 6n }));
          yield { kind: 'revision', batch: { ...record.batch, events } };
        } else yield record;
        await sleep(800);
      }
    };
    const { lastRevision } = await replayed(scratch, slowly());
    expect(lastRevision).toBe(first + 7n);
    const { kvs } = await scratch.client.range({ key: Buffer.from('/short') });
    expect(kvs[0]?.lease).toBe(5n);
    expect((await scratch.client.range({ key: Buffer.from(`k${first}`) })).kvs[0]?.lease).toBe(6n);
  });

  test('grants a lease for as long as a later record says, or for an hour where none does, which is told', async () => {
    await using scratch = await scratchOf(await snapshotOf((client) => client.put(Buffer.from('a'), Buffer.from('1'))));
    const first = scratch.startRevision + 1n;
    const under = (revision: bigint, lease: bigint): DeltaRecord => {
      const { batch } = putAt(revision) as Extract<DeltaRecord, { kind: 'revision' }>;
      return { kind: 'revision', batch: { ...batch, events: batch.events.map((event) => ({ ...event, lease })) } };
    };
    const records: readonly DeltaRecord[] = [
      ...[under(first, 11n), under(first + 1n, 12n)],
      ...[{ kind: 'lease' as const, grant: { id: 13n, ttlSeconds: 0 } }, under(first + 2n, 13n)],
      ...[{ kind: 'lease' as const, grant: { id: 14n, ttlSeconds: 0 } }, under(first + 3n, 14n)],
    ];
    const laterTerms = async () =>
      new Map([
        [11n, 90],
        [14n, 70],
      ]);
    const { lastRevision, unknownLeases } = await replayed(scratch, stream(records), { laterTerms });
    expect({ lastRevision, unknownLeases }).toEqual({ lastRevision: first + 3n, unknownLeases: 1 });
    const times = [11n, 12n, 14n].map((id) => scratch.client.leaseTimes(id));
    expect((await Promise.all(times)).map(({ grantedTtlSeconds }) => grantedTtlSeconds)).toEqual([90, 3600, 70]);
    expect((await scratch.client.leaseTimes(13n)).grantedTtlSeconds).toBeLessThan(10);
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('ends at a revision that is missing, and says which', async () => {
      await using scratch = await scratchOf(
        await snapshotOf((client) => client.put(Buffer.from('a'), Buffer.from('1'))),
      );
      const first = scratch.startRevision + 1n;
      const records = [putAt(first), putAt(first + 1n), putAt(first + 4n)];
      await expect(replayed(scratch, stream(records))).rejects.toMatchObject({
        code: 'REPLAY_GAP',
        message: expect.stringContaining(`Revisions ${first + 2n} to ${first + 3n} are missing`),
      });
    });

    test('never takes a revision that came out with another number for the one that it was', async () => {
      await using scratch = await scratchOf(
        await snapshotOf((client) => client.put(Buffer.from('a'), Buffer.from('1'))),
      );
      const first = scratch.startRevision + 1n;
      const records = async function* (): AsyncGenerator<DeltaRecord, void, undefined> {
        for (let n = 0n; n < 300n; n += 1n) {
          // Somebody else writes, as a lease that ends would.
          if (n === 150n) await scratch.client.put(Buffer.from('alien'), Buffer.from('x'));
          yield putAt(first + n);
        }
      };
      await expect(replayed(scratch, records())).rejects.toMatchObject({ code: 'REPLAY_DIVERGED' });
    });
  }

  test('makes a key again and again that is deleted in between, without a transaction that overtakes', async () => {
    await using scratch = await scratchOf(await snapshotOf((client) => client.put(Buffer.from('a'), Buffer.from('1'))));
    const first = scratch.startRevision + 1n;
    const records = Array.from({ length: 2000 }, (_, n): DeltaRecord => {
      const record = putAt(first + BigInt(n), 'flapping');
      if (n % 2 === 0 || record.kind !== 'revision') return record;
      const events = record.batch.events.map((event) => ({
        ...event,
        type: 'delete' as const,
        value: Buffer.alloc(0),
      }));
      return { kind: 'revision', batch: { ...record.batch, events } };
    });
    const { lastRevision, revisions } = await replayed(scratch, stream(records));
    expect({ lastRevision, revisions }).toEqual({ lastRevision: first + 1999n, revisions: 2000 });
    expect(
      (await scratch.client.range({ key: Buffer.from('flapping'), revision: first + 1998n })).kvs[0]?.version,
    ).toBe(1n);
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('ends with the reason of whoever gives up, and its etcd with it', async () => {
      await using scratch = await scratchOf(
        await snapshotOf((client) => client.put(Buffer.from('a'), Buffer.from('1'))),
      );
      const giveUp = new AbortController();
      const first = scratch.startRevision + 1n;
      const records = async function* (): AsyncGenerator<DeltaRecord, void, undefined> {
        for (let n = 0n; ; n += 1n) {
          if (n === 500n) giveUp.abort(new Error('enough'));
          yield putAt(first + n);
        }
      };
      const options = { pipe: scratch.pipe, leases: scratch.leases, fromRevision: scratch.startRevision };
      await expect(replay(records(), options, giveUp.signal)).rejects.toThrow('enough');
    });
  }
});
