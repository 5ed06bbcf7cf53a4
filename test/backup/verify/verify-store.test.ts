import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { Merger } from '../../../src/backup/delta/merge.ts';
import type { DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import { markDamaged } from '../../../src/backup/drill/mark-damaged.ts';
import { decryptionWith, encryptionFor } from '../../../src/backup/encryption.ts';
import { listChains } from '../../../src/backup/list-chains.ts';
import { readFullManifest } from '../../../src/backup/restore/fetch-chain.ts';
import { markVerified, readMarks, readVerification } from '../../../src/backup/retention/marks.ts';
import { thinnedKey } from '../../../src/backup/retention/thinned.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { type Store, StoreError } from '../../../src/backup/store/store.ts';
import { markWhole } from '../../../src/backup/verify/mark-whole.ts';
import { verifyStore } from '../../../src/backup/verify/verify-store.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { startCluster } from '../../real/cluster.ts';
import { alteredStore, partlyCold } from '../altered-store.ts';
import { ObservedHistory } from '../restore/observed-history.ts';
import { writeFull, writeSegments } from '../restore/written-backup.ts';

const never = new AbortController().signal;

describe('a whole store is verified', () => {
  let folder: string;
  let identity: string;
  let deltas: readonly string[];
  let fulls: readonly string[];
  let first: bigint;
  let last: bigint;
  let records: readonly DeltaRecord[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-verify-'));
    identity = await generateX25519Identity();
    const encryption = await encryptionFor([await identityToRecipient(identity)]);
    await using cluster = await startCluster();
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    await using history = await ObservedHistory.begin(client, () => 60);
    const put = (n: number) => client.put(Buffer.from(`/k/${n % 7}`), Buffer.alloc(500, n));
    await put(0);
    const stores = [new LocalStore(join(folder, 'plain')), new LocalStore(join(folder, 'encrypted'))];
    const begun = await Promise.all(
      stores.map((store, i) => writeFull(store, client, join(folder, 'spool'), i === 0 ? undefined : encryption)),
    );
    first = begun[0]?.manifest.lastRevision ?? 0n;
    for (let n = 1; n <= 60; n += 1) await put(n);
    last = first + 59n;
    records = await history.until(last);
    for (const [i, store] of stores.entries()) {
      const previousManifestSha256 = begun[i]?.manifestSha256 ?? '';
      const cipher = i === 0 ? {} : { encryption };
      const options = { every: 12, previousManifestSha256, ...cipher };
      const { manifestSha256 } = await writeSegments(store, records, [first + 1n, last], options);
      await writeFull(store, client, join(folder, 'spool'), i === 0 ? undefined : encryption, manifestSha256);
    }
    client.close();
    deltas = (await readdir(join(folder, 'plain', 'delta'))).sort().map((name) => `delta/${name}`);
    fulls = (await readdir(join(folder, 'plain', 'full')))
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => `full/${name}`);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  let place: string;
  beforeEach(async () => {
    place = await mkdtemp(join(folder, 'place-'));
    await cp(join(folder, 'plain'), place, { recursive: true });
  });
  const verified = () => verifyStore({ store: new LocalStore(place) }, never);
  const file = (key: string | undefined) => join(place, key ?? '');
  const change = async (key: string | undefined, edit: (all: Buffer) => Buffer): Promise<void> => {
    await writeFile(file(key), edit(await readFile(file(key))));
  };
  const objectOf = async (key: string | undefined): Promise<string> =>
    JSON.parse(await readFile(file(key), 'utf8')).object;

  test('one that is whole has no findings, and both chains go as far as they can', async () => {
    const report = await verified();
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ fulls: 2, segments: 5 });
    expect(
      report.chains.map(({ firstRevision, lastRevision, opened }) => [firstRevision, lastRevision, opened]),
    ).toEqual([
      [last + 1n, last + 1n, true],
      [first, last, true],
    ]);
  });

  test('segments that are merged while it is at work are no loss', async () => {
    const store = new LocalStore(place);
    const limits = { minAgeMs: 0, maxBytes: 1e9, fanIn: 5 };
    let merging: Promise<unknown> | undefined;
    const moving = alteredStore(store, {
      get: async function* (key, range, signal) {
        const merger = new Merger({ store, epoch: () => 9n, limits, now: () => Date.now() + 3_600_000 });
        if (key.startsWith('full/')) {
          merging ??= readCatalogue(store).then((catalogue) => merger.round(catalogue, never));
          await merging;
        }
        yield* store.get(key, range, signal);
      },
    });
    const report = await verifyStore({ store: moving }, never);
    expect(await readdir(join(place, 'delta'))).toHaveLength(1);
    expect(report).toMatchObject({ findings: [], segments: 1, fulls: 2 });
  });

  test('every byte is read', async () => {
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }) => seen.push(done);
    const report = await verifyStore({ store: new LocalStore(place), onProgress }, never);
    const manifests = await Promise.all(fulls.map((key) => readFile(file(key))));
    expect(seen.at(-1)).toBe(report.bytes - manifests.reduce((sum, { length }) => sum + length, 0));
  });

  test('a flipped bit in any byte of a segment is found and named', async () => {
    const [, key] = deltas;
    const whole = await readFile(file(key));
    for (const at of [0, 5, 100, whole.length >> 1, whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      await writeFile(file(key), damaged);
      const { findings, chains } = await verified();
      expect(findings).toContainEqual(expect.objectContaining({ severity: 'fault', key }));
      expect(findings).toContainEqual(expect.objectContaining({ severity: 'fault', code: 'GAP' }));
      expect(chains.at(-1)?.lastRevision).toBe(first + 12n);
    }
  });

  test('a snapshot that is cut off, or has another bit, is found and named', async () => {
    const object = await objectOf(fulls[0]);
    await change(object, (all) => all.subarray(0, -100));
    const cut = await verified();
    expect(cut.findings).toContainEqual(
      expect.objectContaining({ code: 'OBJECT_DAMAGED', key: fulls[0], message: expect.stringContaining(object) }),
    );
    expect(cut.chains).toHaveLength(1);
  });

  test('a snapshot that is missing is found by its manifest', async () => {
    const object = await objectOf(fulls[1]);
    await rm(file(object));
    const { findings } = await verified();
    expect(findings).toEqual([
      expect.objectContaining({ code: 'STORE_NOT_FOUND', key: fulls[1], message: expect.stringContaining(object) }),
    ]);
  });

  test('a manifest that is missing leaves a snapshot that nobody can use', async () => {
    const object = await objectOf(fulls[1]);
    await rm(file(fulls[1]));
    const { findings } = await verified();
    expect(findings).toEqual([expect.objectContaining({ code: 'SNAPSHOT_WITHOUT_MANIFEST', key: object })]);
  });

  test('a segment that is missing is a gap, with its revisions', async () => {
    await rm(file(deltas[2]));
    const { findings } = await verified();
    expect(findings).toEqual([expect.objectContaining({ code: 'GAP', range: { from: first + 25n, to: first + 36n } })]);
  });

  test('what retention took away is no gap, as far as it says so', async () => {
    await rm(file(deltas[2]));
    const store = new LocalStore(place);
    await store.put(thinnedKey({ from: first + 25n, to: first + 30n }), Buffer.from('{}'));
    const part = await verified();
    expect(part.findings).toEqual([
      expect.objectContaining({ code: 'GAP', range: { from: first + 31n, to: first + 36n } }),
    ]);
    expect(part.chains.map(({ complete }) => complete)).toEqual([true, false]);
    await store.put(thinnedKey({ from: first + 31n, to: first + 36n }), Buffer.from('{}'));
    const { findings, chains } = await verified();
    expect(findings).toEqual([]);
    expect(chains.map(({ complete }) => complete)).toEqual([true, true]);
  });

  test('chains of which every byte is whole are marked, and no others', async () => {
    const store = new LocalStore(place);
    const report = await verified();
    const [newest, oldest] = report.chains.map(({ id }) => id);
    if (newest === undefined || oldest === undefined) throw new Error('there are two');
    await markVerified(store, newest, { by: 'restored', atMs: 1000 });
    expect(await markWhole(store, report, 2000)).toEqual({ marked: [newest, oldest], unmarked: [] });
    expect(await readVerification(store, oldest)).toEqual({ by: 'hashes', atMs: 2000 });
    // That it was restored says more.
    expect(await readVerification(store, newest)).toEqual({ by: 'restored', atMs: 1000 });
    await change(deltas[3], (all) => all.subarray(0, -1));
    // Retention would otherwise keep the broken one in place of a whole one.
    expect(await markWhole(store, await verified(), 3000)).toEqual({ marked: [newest], unmarked: [oldest] });
    expect((await listChains(store, never)).chains.map(({ id, verified: by }) => [id, by])).toEqual([
      [newest, { by: 'restored', atMs: 1000 }],
      [oldest, undefined],
    ]);
    await rm(file(await objectOf(fulls[1])));
    expect(await markWhole(store, await verified(), 4000)).toEqual({ marked: [], unmarked: [newest] });
    // Its place is another's from now on; of the other one the full snapshot is whole.
    expect([...(await readMarks(store)).broken]).toEqual([newest]);
    await markVerified(store, newest, { by: 'restored', atMs: 5000 });
    expect(await readMarks(store)).toMatchObject({ broken: new Set(), verified: new Set([newest]) });
  });

  test('a chain whose last segment is broken is not marked, though no gap follows it', async () => {
    for (const key of fulls.slice(1)) await rm(file(key));
    await change(deltas.at(-1), (all) => all.subarray(0, -1));
    const report = await verified();
    expect(report.findings.map(({ code }) => code)).not.toContain('GAP');
    expect(report.chains.map(({ complete }) => complete)).toEqual([false]);
    expect(await markWhole(new LocalStore(place), report, 1000)).toEqual({ marked: [], unmarked: [] });
  });

  test('a store that takes no mark can be verified all the same; what is not opened is not marked', async () => {
    const denied = new StoreError('STORE_DENIED', 'read only');
    const reading = alteredStore(new LocalStore(place), { put: () => Promise.reject(denied) });
    expect(await markWhole(reading, await verified(), 1000)).toEqual({ marked: [], unmarked: [], denied });
    const closed = await verifyStore({ store: new LocalStore(join(folder, 'encrypted')) }, never);
    expect(await markWhole(reading, closed, 1000)).toEqual({ marked: [], unmarked: [] });
  });

  test('an object in an archive class is told, and all others are read', async () => {
    await markVerified(new LocalStore(place), 'x', { by: 'hashes', atMs: 1 });
    const cold = partlyCold(new LocalStore(place), (key) => key === deltas[1] || key.startsWith('verified/'));
    const { findings, chains } = await verifyStore({ store: cold }, never);
    expect(findings).toContainEqual(expect.objectContaining({ severity: 'fault', code: 'STORE_COLD', key: deltas[1] }));
    expect(chains.map(({ complete }) => complete)).toEqual([true, false]);
    await expect(readVerification(cold, 'x')).rejects.toMatchObject({ code: 'MARK_UNREADABLE' });
  });

  test.each(['full', 'segment'])(
    'a %s in an archive class takes no mark from its chain, and puts none',
    async (which) => {
      const store = new LocalStore(place);
      const { marked } = await markWhole(store, await verified(), 1000);
      expect(marked).toHaveLength(2);
      const cold = partlyCold(store, (key) => key === (which === 'full' ? fulls[0] : deltas[1]));
      const report = await verifyStore({ store: cold }, never);
      expect(report.findings.map(({ code }) => code)).toContain('STORE_COLD');
      expect(await markWhole(store, report, 2000)).toMatchObject({ unmarked: [] });
      expect(await readMarks(store)).toMatchObject({ broken: new Set(), verified: new Set(marked) });
    },
  );

  test('an object that was replaced while it was read is read once more', async () => {
    let times = 0;
    const inner = new LocalStore(place);
    const flaky = alteredStore(inner, {
      get: async function* (key, range, signal) {
        if (key === fulls[0] && times++ === 0) throw new StoreError('STORE_DAMAGED', 'replaced', { key });
        yield* inner.get(key, range, signal);
      },
    });
    expect((await verifyStore({ store: flaky }, never)).findings).toEqual([]);
    expect(times).toBe(2);
  });

  describe('the newest chain, read once more after a drill that failed,', () => {
    const failing = (code: 'STORE_COLD' | 'STORE_DAMAGED', isFailing: () => boolean) => {
      const inner = new LocalStore(place);
      return alteredStore(inner, {
        get: async function* (key, range, signal) {
          if (key === fulls.at(-1) && isFailing()) throw new StoreError(code, `${key}: ${code}`, { key });
          yield* inner.get(key, range, signal);
        },
      });
    };
    const brokenAfter = async (store: Store) => {
      const said = await markDamaged(store, never);
      return { said, broken: (await readMarks(new LocalStore(place))).broken.size };
    };

    test('is not called broken where it only lies in an archive class, which is said', async () => {
      const found = await brokenAfter(failing('STORE_COLD', () => true));
      expect(found).toEqual({ said: expect.stringContaining('STORE_COLD'), broken: 0 });
    });

    test('is called so where the store says it twice, not where that has passed', async () => {
      let times = 0;
      const once = failing('STORE_DAMAGED', () => times++ === 0);
      expect(await brokenAfter(once)).toEqual({ said: undefined, broken: 0 });
      expect(await brokenAfter(failing('STORE_DAMAGED', () => true))).toEqual({ said: undefined, broken: 1 });
    });
  });

  test('what an agent merges or prunes while it is read is neither missing nor a gap', async () => {
    const store = new LocalStore(place);
    const [, second = '', third = ''] = deltas;
    let isOnce = true;
    const merging = alteredStore(store, {
      get: async function* (key, range, signal) {
        if (key === deltas.at(-1) && isOnce) {
          isOnce = false;
          for (const name of [second, third]) await store.remove(name);
          await writeSegments(store, records, [first + 13n, first + 36n], { every: 24, epoch: 2n });
        }
        yield* store.get(key, range, signal);
      },
    });
    const { findings, chains } = await verifyStore({ store: merging }, never);
    expect(findings.map(({ code }) => code)).not.toContain('STORE_NOT_FOUND');
    expect(findings.map(({ code }) => code)).not.toContain('GAP');
    expect(chains.at(-1)).toMatchObject({ lastRevision: last, complete: true });
  });

  test('a segment that is there twice is told, and is no fault', async () => {
    const twice = deltas[2]?.replace(/s0002/, 'again');
    await cp(file(deltas[2]), file(twice));
    const { findings } = await verified();
    expect(findings.map(({ severity, code }) => [severity, code])).toEqual([['note', 'DUPLICATE_SEGMENT']]);
  });

  test('a segment that was put in the place of another one, whole as it is, breaks the row of manifests', async () => {
    const other = new LocalStore(join(place, 'other'));
    const revision = first + 13n;
    const events = [
      { type: 'put', key: Buffer.from('x'), value: Buffer.from('forged'), createRevision: 1n, version: 1n, lease: 0n },
    ] as const;
    const forged = Array.from(
      { length: 12 },
      (_, i) => ({ kind: 'revision', batch: { revision: revision + BigInt(i), events } }) as const,
    );
    const [full] = (await readCatalogue(new LocalStore(place))).fulls;
    if (full === undefined) throw new Error('there is none');
    const { clusterId } = (await readFullManifest(new LocalStore(place), full, never)).manifest;
    const { keys } = await writeSegments(other, forged, [revision, revision + 11n], { every: 12, clusterId });
    await rm(file(deltas[1]));
    await cp(join(place, 'other', keys[0] ?? ''), file(keys[0]));
    await rm(join(place, 'other'), { recursive: true });
    const { findings } = await verified();
    expect(findings).toEqual([
      expect.objectContaining({
        severity: 'fault',
        code: 'MANIFEST_CHAIN',
        message: expect.stringContaining(deltas[2] ?? ''),
      }),
    ]);
  });

  test('a segment of another cluster is found, whole as it is', async () => {
    const store = new LocalStore(place);
    await rm(file(deltas[1]));
    const range = [first + 13n, first + 24n] as const;
    const { keys } = await writeSegments(store, records, range, { every: 12, clusterId: 'beef' });
    const { findings } = await verified();
    expect(findings.filter(({ severity }) => severity === 'fault')).toContainEqual(
      expect.objectContaining({
        code: 'OBJECT_DAMAGED',
        key: keys[0],
        message: expect.stringContaining('of the cluster beef'),
      }),
    );
  });

  test('what is encrypted is opened with an identity, and without one only its hash is checked, which is said', async () => {
    const store = new LocalStore(join(folder, 'encrypted'));
    const opened = await verifyStore({ store, decryption: await decryptionWith([identity]) }, never);
    expect(opened.findings).toEqual([]);
    const closed = await verifyStore({ store }, never);
    expect(closed.findings.every(({ severity, code }) => severity === 'note' && code === 'NOT_DECRYPTED')).toBe(true);
    expect(closed.findings).toHaveLength(7);
    expect(closed.chains.some(({ opened: isOpened }) => isOpened)).toBe(false);
  });
});
