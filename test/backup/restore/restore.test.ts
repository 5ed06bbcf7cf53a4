import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import { type RestoreOptions, type RestoreResult, restore } from '../../../src/backup/restore/restore.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import type { EtcdBinaries } from '../../../src/distribution/find-binaries.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type EtcdLine, findBinaries } from '../../real/binaries.ts';
import { startCluster } from '../../real/cluster.ts';
import { alteredStore, partlyCold } from '../altered-store.ts';
import { keyspaceAt, ObservedHistory } from './observed-history.ts';
import { RandomLife, seeded } from './random-life.ts';
import { startRestored } from './restored-member.ts';
import { writeFull, writeSegments } from './written-backup.ts';

const never = new AbortController().signal;
const identity = {
  name: 'default',
  initialCluster: 'default=http://localhost:2380',
  initialClusterToken: 'again',
  initialAdvertisePeerUrls: 'http://localhost:2380',
};

describe.each<EtcdLine>(['3.4', '3.5'])('a store is restored as of a point, etcd %s', (version) => {
  let folder: string;
  let binaries: EtcdBinaries;
  let records: readonly DeltaRecord[];
  /** Of two full snapshots. */
  let fulls: readonly { readonly revision: bigint; readonly key: string }[];
  let lastRevision: bigint;
  const keyspaces = new Map<bigint, readonly string[]>();
  let original: string;
  let deletedAt: bigint;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-restore-'));
    original = join(folder, 'original');
    const { etcd, etcdutl, etcdctl } = findBinaries(version);
    binaries = { etcd, restorer: etcdutl ?? etcdctl };
    await using cluster = await startCluster({ version });
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    const life = new RandomLife(client, seeded(7), { compactions: false });
    await using history = await ObservedHistory.begin(client, (id) => life.ttls.get(id) ?? 1);
    const store = new LocalStore(original);
    const taken: { revision: bigint; key: string }[] = [];
    for (let step = 0; step < 300; step += 1) {
      await life.step();
      if (step === 50 || step === 150) {
        const { key, manifest } = await writeFull(store, client, join(folder, 'spool'));
        taken.push({ key, revision: manifest.lastRevision });
      }
    }
    fulls = taken;
    await client.put(Buffer.from('/precious'), Buffer.from('gold'));
    deletedAt = (await client.deleteRange(Buffer.from('/precious'))).header.revision;
    lastRevision = await client.put(Buffer.from('/end'), Buffer.from('1')).then(({ revision }) => revision);
    await client.put(Buffer.from('/end'), Buffer.from('2'));
    records = await history.until(lastRevision);
    await writeSegments(store, records, [(fulls[0]?.revision ?? 0n) + 1n, lastRevision], { every: 20 });
    for (let revision = fulls[0]?.revision ?? 0n; revision <= lastRevision; revision += 1n) {
      keyspaces.set(revision, await keyspaceAt(client, revision));
    }
    client.close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  let place: string;
  let store: LocalStore;
  beforeEach(async () => {
    place = await mkdtemp(join(folder, 'place-'));
    // Each test may damage its own.
    const { cp } = await import('node:fs/promises');
    await cp(original, join(place, 'store'), { recursive: true });
    store = new LocalStore(join(place, 'store'));
  });

  const restored = (options: Partial<RestoreOptions>): Promise<RestoreResult> =>
    restore(
      {
        store,
        target: { kind: 'latest' },
        output: { kind: 'data-dirs', dirs: [{ dataDir: join(place, 'data'), identity }] },
        binaries,
        ...options,
      },
      never,
    );
  const expectKeyspace = async (revision: bigint): Promise<void> => {
    await using member = await startRestored(binaries.etcd, join(place, 'data'));
    expect((await member.client.range({ key: Buffer.from('x') })).header.revision).toBe(revision);
    expect(await keyspaceAt(member.client, revision)).toEqual(keyspaces.get(revision));
  };
  const leftBeside = async (): Promise<readonly string[]> =>
    (await readdir(place)).filter((name) => !['store', 'data'].includes(name));

  test('the newest one', async () => {
    const result = await restored({});
    expect(result).toMatchObject({ revision: lastRevision, avoided: [], quarantined: [], bumpMissing: false });
    expect(result.lost).toBeUndefined();
    expect(result.full.lastRevision).toBe(fulls[1]?.revision);
    await expectKeyspace(lastRevision);
    expect(await leftBeside()).toEqual([]);
  });

  test('a revision in the middle of a segment, from the full snapshot before it', async () => {
    const revision = (fulls[1]?.revision ?? 0n) - 3n;
    const result = await restored({ target: { kind: 'revision', revision } });
    expect(result.revision).toBe(revision);
    expect(result.full.lastRevision).toBe(fulls[0]?.revision);
    await expectKeyspace(revision);
  });

  test('exactly the revision of a full snapshot, without a replay', async () => {
    const revision = fulls[1]?.revision ?? 0n;
    const result = await restored({ target: { kind: 'revision', revision } });
    expect(result.replayed).toBeUndefined();
    await expectKeyspace(revision);
  });

  test('the moment before a key was deleted', async () => {
    const result = await restored({ target: { kind: 'before-delete', key: Buffer.from('/precious') } });
    expect(result.revision).toBe(deletedAt - 1n);
    expect(result.note).toBe(`The key was deleted in revision ${deletedAt}.`);
    await expectKeyspace(deletedAt - 1n);
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('a key that was never deleted is told, and nothing is made', async () => {
      const target = { kind: 'before-delete', key: Buffer.from('/end') } as const;
      await expect(restored({ target })).rejects.toMatchObject({ code: 'DELETION_NOT_FOUND' });
      expect(await readdir(place)).toEqual(['store']);
    });

    test('a revision beyond the newest one is refused, with the newest one that there is', async () => {
      const target = { kind: 'revision', revision: lastRevision + 5n } as const;
      await expect(restored({ target })).rejects.toMatchObject({
        code: 'REVISION_NOT_AVAILABLE',
        message: expect.stringContaining(`the newest one in the store is ${lastRevision}`),
        remedy: expect.stringContaining(`--to-revision ${lastRevision}`),
      });
      expect(await readdir(place)).toEqual(['store']);
    });
  }

  test('a snapshot file, which etcd takes with its hash checked', async () => {
    const file = join(place, 'out.db');
    await restored({ output: { kind: 'snapshot', file } });
    const { makeDataDir } = await import('../../../src/backup/restore/restorer.ts');
    await makeDataDir(binaries, { snapshotFile: file, dataDir: join(place, 'data'), identity }, never);
    await rm(file);
    await expectKeyspace(lastRevision);
  });

  test('data dirs for all members of a new cluster', async () => {
    const initialCluster = 'a=http://127.0.0.1:1,b=http://127.0.0.1:2';
    const dirs = [
      ['a', 'http://127.0.0.1:1'],
      ['b', 'http://127.0.0.1:2'],
    ].map(([name = '', url = '']) => ({
      dataDir: join(place, 'data', name),
      identity: { name, initialCluster, initialClusterToken: 't', initialAdvertisePeerUrls: url },
    }));
    const result = await restored({ output: { kind: 'data-dirs', dirs } });
    expect(result.outputs).toEqual([join(place, 'data', 'a'), join(place, 'data', 'b')]);
    const wals = await Promise.all(['a', 'b'].map(async (name) => readdir(join(place, 'data', name, 'member', 'wal'))));
    expect(wals.every((files) => files.length > 0)).toBe(true);
  });

  test('a cluster of another id for each point, where no token is asked for', async () => {
    const { initialClusterToken: _, ...own } = identity;
    const ids: string[] = [];
    for (const revision of [lastRevision, lastRevision, fulls[1]?.revision ?? 0n]) {
      await rm(join(place, 'data'), { recursive: true, force: true });
      const output = { kind: 'data-dirs', dirs: [{ dataDir: join(place, 'data'), identity: own }] } as const;
      await restored({ target: { kind: 'revision', revision }, output });
      await using member = await startRestored(binaries.etcd, join(place, 'data'));
      ids.push((await member.client.status()).header.clusterId);
    }
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('a data dir that is there is refused before anything is read, and stays as it was', async () => {
      await mkdir(join(place, 'data'));
      await writeFile(join(place, 'data', 'mine'), 'mine');
      await expect(restored({})).rejects.toMatchObject({ code: 'DATA_DIR_EXISTS' });
      expect(await readFile(join(place, 'data', 'mine'), 'utf8')).toBe('mine');
      expect(store.requests.get).toBe(0);
    });

    test('a data dir that is there is moved aside where that is asked for', async () => {
      await mkdir(join(place, 'data'));
      await writeFile(join(place, 'data', 'mine'), 'mine');
      const { quarantined } = await restored({ quarantine: true });
      expect(quarantined).toHaveLength(1);
      expect(await readFile(join(quarantined[0] ?? '', 'mine'), 'utf8')).toBe('mine');
      await expectKeyspace(lastRevision);
    });
  }

  test('a WAL that lies elsewhere is put there, and what is there is moved aside with the data dir', async () => {
    const output = (walDir: string) =>
      ({ kind: 'data-dirs', dirs: [{ dataDir: join(place, 'data'), walDir, identity }] }) as const;
    const walDir = join(place, 'wals', 'default');
    for (const path of [walDir, join(place, 'data')]) {
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'mine'), '');
    }
    await expect(restored({ output: output(walDir) })).rejects.toMatchObject({ code: 'DATA_DIR_EXISTS' });
    const { outputs, quarantined } = await restored({ output: output(walDir), quarantine: true });
    expect(outputs).toEqual([join(place, 'data'), walDir]);
    expect(quarantined).toEqual(outputs.map((path) => expect.stringContaining(`${path}.quarantine-`)));
    expect(await readdir(walDir)).toEqual(expect.arrayContaining([expect.stringMatching(/\.wal$/)]));
    expect(await readdir(join(place, 'data', 'member'))).toEqual(['snap']);
    expect(await readdir(join(place, 'wals'))).toHaveLength(2);
    await using member = await startRestored(binaries.etcd, join(place, 'data'), undefined, ['--wal-dir', walDir]);
    expect(await keyspaceAt(member.client, lastRevision)).toEqual(keyspaces.get(lastRevision));
    const mounted = restored({ output: output('/dev/shm'), quarantine: true });
    await expect(mounted).rejects.toMatchObject({ code: 'WAL_DIR_MOUNTED' });
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('what is in use is refused before anything is read, and again before it would be moved', async () => {
      await mkdir(join(place, 'data'));
      await writeFile(join(place, 'data', 'mine'), 'mine');
      for (const at of [1, 2]) {
        let asked = 0;
        const refuseInUse = async (paths: readonly string[]): Promise<void> => {
          asked += 1;
          expect(paths).toEqual([join(place, 'data')]);
          if (asked === at) throw new Error('in use');
        };
        await expect(restored({ quarantine: true, refuseInUse })).rejects.toThrow('in use');
        expect(store.requests.get > 0).toBe(at === 2);
        expect((await readdir(place)).sort()).toEqual(['data', 'store']);
      }
    });

    test('a full snapshot with a flipped bit is avoided: the older chain brings everything back', async () => {
      const [, newer] = fulls;
      const { object } = JSON.parse(await readFile(join(place, 'store', newer?.key ?? ''), 'utf8'));
      await flipBit(join(place, 'store', object));
      const result = await restored({});
      expect(result.avoided).toEqual([expect.objectContaining({ key: newer?.key, code: 'OBJECT_DAMAGED' })]);
      expect(result.lost).toBeUndefined();
      await expectKeyspace(lastRevision);
    });

    test('a full snapshot in an archive class is avoided as a broken one is', async () => {
      const [, newer] = fulls;
      const { object } = JSON.parse(await readFile(join(place, 'store', newer?.key ?? ''), 'utf8'));
      const result = await restored({ store: partlyCold(store, (key) => key === object) });
      expect(result.avoided).toEqual([expect.objectContaining({ key: newer?.key, code: 'STORE_COLD' })]);
      await expectKeyspace(lastRevision);
    });

    test.each([
      ['a flipped bit', flipBit],
      ['its end cut off', (file: string) => readFile(file).then((all) => writeFile(file, all.subarray(0, -9)))],
      ['a name and nothing behind it', (file: string) => rm(file).then(() => writeFile(file, ''))],
    ])('of a segment with %s nothing is restored, and what is lost is told', async (_, damage) => {
      const names = (await readdir(join(place, 'store', 'delta'))).sort();
      const broken = names.at(-2) ?? '';
      await damage(join(place, 'store', 'delta', broken));
      const result = await restored({});
      const before = BigInt(broken.slice(0, 19)) - 1n;
      expect(result.avoided.map(({ key }) => key)).toEqual([`delta/${broken}`]);
      expect(result.lost).toEqual({ from: before + 1n, to: lastRevision });
      expect(result.revision).toBe(before);
      await expectKeyspace(before);
    });

    /** The newest full snapshot then claims to be of another revision than its content is. */
    const reclaim = async (by: bigint): Promise<void> => {
      const [, { key, revision } = { key: '', revision: 0n }] = fulls;
      const manifest = JSON.parse(await readFile(join(place, 'store', key), 'utf8'));
      const claimed = revision + by;
      const name = key.replace(/\d{19}/, String(claimed).padStart(19, '0'));
      const asText = (value: unknown) => (typeof value === 'number' ? Number(claimed) : String(claimed));
      const changed = {
        ...manifest,
        firstRevision: asText(manifest.firstRevision),
        lastRevision: asText(manifest.lastRevision),
      };
      await writeFile(join(place, 'store', name), JSON.stringify(changed));
      await rm(join(place, 'store', key));
    };

    test('a snapshot that does not go to the revision that it claims is avoided', async () => {
      await reclaim(1n);
      const result = await restored({});
      expect(result).toMatchObject({ revision: lastRevision, avoided: [{ code: 'OBJECT_DAMAGED' }] });
      expect(result.full.lastRevision).toBe(fulls[0]?.revision);
    });

    test('a scratch that has gone on by itself, since a lease has expired, is begun anew, and given up some time', async () => {
      await reclaim(-1n);
      await expect(restored({})).rejects.toMatchObject({ code: 'ETCD_LEASE_LOST' });
      expect(await leftBeside()).toEqual([]);
    });

    test('a segment that is missing ends the way there: a revision behind it is refused', async () => {
      const names = (await readdir(join(place, 'store', 'delta'))).sort();
      const missing = names.at(-2) ?? '';
      await rm(join(place, 'store', 'delta', missing));
      const before = BigInt(missing.slice(0, 19)) - 1n;
      const target = { kind: 'revision', revision: lastRevision } as const;
      await expect(restored({ target })).rejects.toMatchObject({
        code: 'REVISION_NOT_AVAILABLE',
        remedy: expect.stringContaining(`--to-revision ${before}`),
      });
      expect(existsSync(join(place, 'data'))).toBe(false);
    });

    test('segments that are merged while they are fetched are found again in what they were merged into', async () => {
      const small = (await readdir(join(place, 'store', 'delta'))).map((name) => `delta/${name}`);
      let merging: Promise<void> | undefined;
      const merge = async (): Promise<void> => {
        await writeSegments(store, records, [(fulls[0]?.revision ?? 0n) + 1n, lastRevision], {
          every: 10_000,
          epoch: 2n,
        });
        for (const key of small) await store.remove(key);
      };
      const moving = alteredStore(store, {
        get: async function* (key, range, signal) {
          merging ??= merge();
          if (key.startsWith('delta/')) await merging;
          yield* store.get(key, range, signal);
        },
      });
      const result = await restored({ store: moving });
      expect(result).toMatchObject({ revision: lastRevision, avoided: [], segments: 1 });
      await expectKeyspace(lastRevision);
    });

    test('segments of two writers that overlap are replayed once', async () => {
      const from = (fulls[1]?.revision ?? 0n) - 7n;
      await writeSegments(store, records, [from, lastRevision - 4n], { every: 33, epoch: 2n });
      const result = await restored({});
      expect(result.revision).toBe(lastRevision);
      await expectKeyspace(lastRevision);
    });

    test('a time within a segment: what had been seen until then', async () => {
      const from = fulls[1]?.revision ?? 0n;
      await rm(join(place, 'store', 'delta'), { recursive: true });
      const at = 1_800_000_000_000;
      const timed = records.map(
        (record): DeltaRecord =>
          record.kind === 'revision'
            ? {
                kind: 'revision',
                batch: { ...record.batch, seenAtMs: at + Number(record.batch.revision - from) * 1000 },
              }
            : record,
      );
      await writeSegments(store, timed, [from + 1n, lastRevision], { every: 1000, endedAtMs: at + 3_600_000 });
      const result = await restored({ target: { kind: 'time', atMs: at + 11_999 } });
      expect(result.revision).toBe(from + 11n);
      await expectKeyspace(from + 11n);
    });

    test('segments that do not continue the full snapshot are not restored, although every revision is there', async () => {
      const from = fulls[1]?.revision ?? 0n;
      await rm(join(place, 'store', 'delta'), { recursive: true });
      const forked = records.map((record): DeltaRecord => {
        if (record.kind === 'lease' || record.batch.revision !== lastRevision) return record;
        const events = record.batch.events.map((event) => ({ ...event, version: event.version + 1n }));
        return { kind: 'revision', batch: { ...record.batch, events } };
      });
      await writeSegments(store, forked, [from + 1n, lastRevision], { every: 20 });
      await expect(restored({})).rejects.toMatchObject({
        code: 'REPLAY_DIVERGED',
        message: expect.stringContaining('"/end"'),
      });
      expect(await leftBeside()).toEqual([]);
    });

    test('a segment of another cluster is avoided as if it were damaged', async () => {
      const from = fulls[1]?.revision ?? 0n;
      await rm(join(place, 'store', 'delta'), { recursive: true });
      const { keys } = await writeSegments(store, records, [from + 1n, lastRevision], {
        every: 1000,
        clusterId: 'beef',
      });
      const result = await restored({});
      expect(result).toMatchObject({ revision: from, lost: { from: from + 1n, to: lastRevision } });
      expect(result.avoided).toEqual([
        { key: keys[0], code: 'OBJECT_DAMAGED', message: expect.stringContaining('of the cluster beef') },
      ]);
    });

    test('a time within a segment that is damaged: what is older is restored, and what is lost is told', async () => {
      const from = fulls[1]?.revision ?? 0n;
      await rm(join(place, 'store', 'delta'), { recursive: true });
      const at = 1_800_000_000_000;
      const { keys } = await writeSegments(store, records, [from + 1n, lastRevision], { every: 10_000, endedAtMs: at });
      const path = join(place, 'store', keys[0] ?? '');
      const bytes = await readFile(path);
      bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
      await writeFile(path, bytes);
      const result = await restored({ target: { kind: 'time', atMs: at - 500 } });
      expect(result).toMatchObject({ revision: from, lost: { from: from + 1n, to: lastRevision } });
      expect(result.avoided.map(({ key }) => key)).toEqual(keys);
    });

    test('a time before everything is refused', async () => {
      await expect(restored({ target: { kind: 'time', atMs: 1000 } })).rejects.toMatchObject({
        code: 'TARGET_TOO_OLD',
      });
    });
  }

  test('with its revision raised, as a store of Kubernetes needs it; refused where etcd cannot do that', async () => {
    if (version === '3.4') {
      await expect(restored({ bumpRevision: true })).rejects.toMatchObject({ code: 'BUMP_NOT_POSSIBLE' });
      expect(existsSync(join(place, 'data'))).toBe(false);
      return;
    }
    const result = await restored({ bumpRevision: true });
    expect([result.bumpMissing, result.bumpedBy]).toEqual([false, 1_000_000_000n]);
    await using member = await startRestored(binaries.etcd, join(place, 'data'));
    const { header } = await member.client.range({ key: Buffer.from('x') });
    expect(header.revision).toBe(lastRevision + 1_000_000_000n);
    const before = member.client.range({ key: Buffer.from('x'), revision: lastRevision - 1n });
    await expect(before).rejects.toMatchObject({ code: 'ETCD_COMPACTED' });
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('who gives up leaves nothing behind', async () => {
      const giveUp = new AbortController();
      const options: RestoreOptions = {
        store,
        target: { kind: 'latest' },
        output: { kind: 'data-dirs', dirs: [{ dataDir: join(place, 'data'), identity }] },
        binaries,
        onProgress: ({ phase }) => {
          if (phase === 'start') giveUp.abort(new Error('enough'));
        },
      };
      await expect(restore(options, giveUp.signal)).rejects.toThrow('enough');
      expect(await readdir(place)).toEqual(['store']);
    });
  }
});

/** One bit in the middle of a file. */
async function flipBit(file: string): Promise<void> {
  const all = await readFile(file);
  const middle = all.length >> 1;
  all[middle] = (all[middle] ?? 0) ^ 4;
  await writeFile(file, all);
}
