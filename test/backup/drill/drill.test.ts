import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import type { Room } from '../../../src/backup/drill/room.ts';
import { type DrillOptions, type DrillResult, drill } from '../../../src/backup/drill.ts';
import { decryptionWith, encryptionFor } from '../../../src/backup/encryption.ts';
import { makeOwnedFolder } from '../../../src/backup/restore/owned-folder.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { compact } from '../../../src/etcd/maintenance-calls.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type EtcdLine, findBinaries } from '../../real/binaries.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { ObservedHistory } from '../restore/observed-history.ts';
import { RandomLife, seeded } from '../restore/random-life.ts';
import { writeFull, writeSegments } from '../restore/written-backup.ts';

const never = new AbortController().signal;

describe.each<EtcdLine>(['3.4', '3.5'])(
  'a drill restores the newest chain and compares it with the cluster, etcd %s',
  (version) => {
    let folder: string;
    let cluster: RealCluster;
    let live: MemberClient;
    let history: ObservedHistory;
    let records: readonly DeltaRecord[];
    let last: bigint;
    let fullRevision: bigint;
    let store: LocalStore;
    let work: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'caretaker-drill-'));
      cluster = await startCluster({ version });
      live = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    });
    afterAll(async () => {
      live.close();
      await cluster.close();
      await rm(folder, { recursive: true, force: true });
    });

    beforeEach(async () => {
      const place = await mkdtemp(join(folder, 'place-'));
      work = join(place, 'work');
      store = new LocalStore(join(place, 'store'));
      const life = new RandomLife(live, seeded(11), { compactions: false });
      history = await ObservedHistory.begin(live, (id) => life.ttls.get(id) ?? 1);
      for (let step = 0; step < 60; step += 1) await life.step();
      const { manifest } = await writeFull(store, live, join(folder, 'spool'));
      for (let step = 0; step < 120; step += 1) await life.step();
      last = (await live.put(Buffer.from('/end'), Buffer.from('1'))).revision;
      // The revision before it is whole in the history then.
      await live.put(Buffer.from('/end'), Buffer.from('2'));
      records = await history.until(last);
      fullRevision = manifest.lastRevision;
      await writeSegments(store, records, [fullRevision + 1n, last], { every: 40 });
      await compact(live, last - 20n);
    });
    afterEach(async () => {
      await history[Symbol.asyncDispose]();
      const { lease } = await live.etcd3();
      // One may expire meanwhile.
      for (const { ID } of (await lease.leaseLeases()).leases)
        await live.revokeLease(BigInt(ID)).catch(() => undefined);
    });

    const drilled = (options: Partial<DrillOptions> = {}): Promise<DrillResult> => {
      const { etcd, etcdutl, etcdctl } = findBinaries(version);
      const binaries = { etcd, restorer: etcdutl ?? etcdctl };
      return drill({ store, live, binaries, folder: work, ...options }, never);
    };

    test('and passes, with the time that it took, also where the cluster has compacted since', async () => {
      const result = await drilled();
      expect(result).toMatchObject({ outcome: 'passed', proof: { revision: last, compactRevision: last - 20n } });
      if (result.outcome !== 'passed') return;
      const { restored, restoreMs, writeMs } = result.proof;
      expect(restored.replayed?.lastRevision).toBe(last);
      expect(restoreMs).toBeCloseTo(restored.fetchMs + restored.startMs + restored.replayMs + writeMs, 3);
      expect(await readdir(work)).toEqual([]);
    });

    test('and fails where a value is another one, although every hash in the store is right', async () => {
      const forged = records.map(
        (record): DeltaRecord =>
          record.kind === 'revision' && record.batch.revision === last
            ? {
                kind: 'revision',
                batch: {
                  revision: last,
                  events: record.batch.events.map((event) => ({ ...event, value: Buffer.from('x') })),
                },
              }
            : record,
      );
      await rm(join(new URL(store.url).pathname, 'delta'), { recursive: true });
      await writeSegments(store, forged, [fullRevision + 1n, last], { every: 40 });
      const result = await drilled();
      expect(result).toMatchObject({
        outcome: 'failed',
        reasons: [{ code: 'DRILL_DIFFERS', message: expect.stringContaining('hash of the keyspace') }],
      });
      expect(await readdir(work)).toEqual([]);
    });

    // The same with every version of etcd.
    if (version === '3.5') {
      test('and fails where a segment is broken, which it names', async () => {
        const folderOfDeltas = join(new URL(store.url).pathname, 'delta');
        const [name = ''] = (await readdir(folderOfDeltas)).sort();
        const all = await readFile(join(folderOfDeltas, name));
        all[all.length - 1] = (all.at(-1) ?? 0) ^ 1;
        await writeFile(join(folderOfDeltas, name), all);
        const result = await drilled();
        expect(result).toMatchObject({ outcome: 'failed', reasons: [{ code: expect.any(String) }] });
      });

      test('and fails where the chain has a hole, although all up to there can be had, and calls it so', async () => {
        const folderOfDeltas = join(new URL(store.url).pathname, 'delta');
        const names = (await readdir(folderOfDeltas)).sort();
        await rm(join(folderOfDeltas, names[1] ?? ''));
        expect(await drilled()).toMatchObject({ outcome: 'failed', reasons: [{ code: 'DRILL_CHAIN_BROKEN' }] });
        expect(await readdir(work)).toEqual([]);
      });

      test('and fails where the cluster has compacted what the store ends with', async () => {
        await compact(live, last + 1n);
        expect(await drilled()).toMatchObject({ outcome: 'failed', reasons: [{ code: 'DRILL_REVISION_COMPACTED' }] });
      });

      test('and first removes what a drill that was killed had left', async () => {
        const [name = ''] = [basename(await makeOwnedFolder(folder, 'drill-'))];
        const [machine, pid] = name.slice('drill-'.length).split('-');
        // Of a process that had this one's number before it.
        const left = join(work, `drill-${machine}-${pid}-0a-abcdef`);
        await mkdir(left, { recursive: true });
        await writeFile(join(left, 'snapshot'), 'decrypted');
        const swept: string[] = [];
        const room = async (): Promise<Room> => {
          expect(await readdir(work)).toEqual([]);
          return { memoryBytes: 1000, diskBytes: 2000 };
        };
        await drilled({ room, onSwept: (folders) => swept.push(...folders) });
        expect(swept).toEqual([left]);
      });

      test('but not on a machine without room for it, and says how much it needs', async () => {
        const { get: before } = store.requests;
        const result = await drilled({ room: async () => ({ memoryBytes: 1000, diskBytes: 2000 }) });
        expect(result).toMatchObject({
          outcome: 'skipped',
          reasons: [{ code: 'DRILL_NO_ROOM' }, { code: 'DRILL_NO_ROOM' }],
        });
        expect(store.requests.get - before).toBe(1);
      });

      test('and without the identity of what is encrypted only its hashes are verified', async () => {
        const identity = await generateX25519Identity();
        const encrypted = new LocalStore(join(work, '..', 'encrypted'));
        const encryption = await encryptionFor([await identityToRecipient(identity)]);
        const { key, manifest } = await writeFull(encrypted, live, join(folder, 'spool'), encryption);
        const result = await drilled({ store: encrypted });
        expect(result).toEqual({ outcome: 'hashes-only', full: key, revision: manifest.lastRevision });
        const opened = await drilled({ store: encrypted, decryption: await decryptionWith([identity]) });
        expect(opened).toMatchObject({ outcome: 'passed', proof: { full: key } });
      });
    }
  },
);
