import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { type MergeOutcome, Merger, type MergerOptions } from '../../../src/backup/delta/merge.ts';
import { runMerging } from '../../../src/backup/delta/run-merging.ts';
import { decodeSegment } from '../../../src/backup/delta/segment.ts';
import { segmentId } from '../../../src/backup/delta/segment-id.ts';
import { encodeSegment } from '../../../src/backup/delta/segment-writer.ts';
import { decryptionWith, encryptionFor } from '../../../src/backup/encryption.ts';
import { deltaKey } from '../../../src/backup/names.ts';
import { StoreError } from '../../../src/backup/store/store.ts';
import { partlyCold } from '../altered-store.ts';
import { FolderStore } from './folder-store.ts';
import { stored } from './observed.ts';
import { inPieces, putAt, someFacts } from './segments.ts';

const forever = new AbortController().signal;
const limits = { minAgeMs: 0, maxBytes: 1e6, fanIn: 4 };

describe('merging small segments', () => {
  let folder: string;
  let store: FolderStore;
  let lastSha: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-merge-'));
    store = new FolderStore(folder);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Writes a segment with one put at each revision; gives the SHA-256 of its manifest. */
  const write = async (
    from: bigint,
    to: bigint,
    previous?: string,
    epoch = 3n,
  ): Promise<{ key: string; sha: string }> => {
    const records = Array.from({ length: Number(to - from) + 1 }, (_, index) => putAt(from + BigInt(index)));
    const facts = {
      ...someFacts(from, to, epoch),
      ...(previous === undefined ? {} : { previousManifestSha256: previous }),
    };
    const { object, manifestSha256 } = await encodeSegment(facts, [
      { kind: 'lease', grant: { id: from, ttlSeconds: 60 } },
      ...records,
    ]);
    const key = deltaKey({ kind: 'delta', from, to, epoch, id: segmentId(0) }, false);
    await store.put(key, object);
    return { key, sha: manifestSha256 };
  };

  /** So many segments of three revisions each, from revision 11 on. */
  const writeChain = async (count: number): Promise<bigint> => {
    let sha: string | undefined;
    for (let i = 0; i < count; i += 1) ({ sha } = await write(11n + 3n * BigInt(i), 13n + 3n * BigInt(i), sha));
    lastSha = sha ?? '';
    return 10n + 3n * BigInt(count);
  };

  const round = async (options: Partial<MergerOptions> = {}) =>
    new Merger({ store, epoch: () => 4n, limits, now: () => Date.now() + 1_000, ...options }).round(
      await readCatalogue(store),
      forever,
    );

  const ranges = async (): Promise<string[]> =>
    (await readCatalogue(store)).segments.map(({ name: { from, to, id } }) => `${from}-${to} of level ${id[0]}`);

  test('leaves few, by levels, that hold exactly the same', async () => {
    const last = await writeChain(23);
    const before = await stored(store, 10n);
    const { merged, removed, unreadable } = await round();
    expect(await ranges()).toEqual([
      '11-58 of level 2',
      '59-70 of level 1',
      ...[71, 74, 77].map((from) => `${from}-${from + 2} of level 0`),
    ]);
    expect([merged.length, removed.length, unreadable]).toEqual([6, 24, []]);
    expect(await stored(store, 10n)).toEqual({ ...before, last, objects: 5 });
  });

  test('keeps the chain of manifests: what comes next still names the last one in it', async () => {
    await writeChain(4);
    const { merged } = await round();
    const key = merged[0] ?? '';
    const { manifest } = await decodeSegment(inPieces(await store.read(key)), { key });
    expect(manifest).toMatchObject({
      firstRevision: 11n,
      lastRevision: 22n,
      epoch: 4n,
      endsWithManifestSha256: lastSha,
    });
    expect(manifest.previousManifestSha256).toBeUndefined();
  });

  test('cut short at any request leaves everything readable, and another round ends it', async () => {
    for (let cut = 1; ; cut += 1) {
      await rm(folder, { recursive: true, force: true });
      store = new FolderStore(folder);
      const last = await writeChain(6);
      const before = await stored(store, 10n);
      let left = cut;
      const count = (): void => {
        left -= 1;
        if (left === 0) throw new StoreError('STORE_UNREACHABLE', 'cut');
      };
      store.fault = (request) => (request === 'list' ? undefined : count());
      store.lost = () => count();
      const outcome = await round().catch((error: unknown) => error);
      store.fault = () => undefined;
      store.lost = () => undefined;
      const { revisions, last: reached } = await stored(store, 10n);
      expect([revisions, reached]).toEqual([before.revisions, last]);
      if (!(outcome instanceof StoreError)) break;
      await round();
      expect(await ranges()).toEqual(['11-22 of level 1', '23-25 of level 0', '26-28 of level 0']);
      expect((await stored(store, 10n)).revisions).toEqual(before.revisions);
    }
  });

  test('leaves alone what is damaged, and does not merge across it', async () => {
    await writeChain(9);
    const { segments } = await readCatalogue(store);
    const damaged = segments[4]?.key ?? '';
    const object = await store.read(damaged);
    object[object.length - 1] = (object.at(-1) ?? 0) ^ 1;
    await writeFile(join(folder, damaged), object);
    const { unreadable } = await round();
    expect(unreadable).toEqual([damaged]);
    expect(await ranges()).toEqual(['11-22 of level 1', '23-25 of level 0', '26-37 of level 1']);
  });

  test('leaves alone what lies in an archive class', async () => {
    await writeChain(9);
    const { segments } = await readCatalogue(store);
    const cold = segments[4]?.key ?? '';
    const { unreadable } = await round({ store: partlyCold(store, (key) => key === cold) });
    expect(unreadable).toEqual([cold]);
    expect(await ranges()).toEqual(['11-22 of level 1', '23-25 of level 0', '26-37 of level 1']);
  });

  test('leaves alone what is encrypted for somebody else', async () => {
    const [own, other] = [await generateX25519Identity(), await generateX25519Identity()];
    const cipher = await encryptionFor([await identityToRecipient(other)]);
    for (let from = 11n; from < 23n; from += 3n) {
      const records = [putAt(from), putAt(from + 1n), putAt(from + 2n)];
      const { object } = await encodeSegment(someFacts(from, from + 2n, 3n), records, { cipher });
      const name = { kind: 'delta', from, to: from + 2n, epoch: 3n, id: segmentId(0) } as const;
      await store.put(deltaKey(name, true), object);
    }
    const keys = { cipher: async () => cipher };
    const decryption = await decryptionWith([own]);
    const before = await ranges();
    const { merged, removed, unreadable } = await round({
      ...keys,
      decrypt: (source) => decryption.decrypt(source, { object: 'a segment' }),
    });
    expect([merged, removed]).toEqual([[], []]);
    expect(unreadable.length).toBeGreaterThan(0);
    expect(await ranges()).toEqual(before);
    const theirs = await decryptionWith([other]);
    await round({ ...keys, decrypt: (source) => theirs.decrypt(source, { object: 'a segment' }) });
    expect(await ranges()).toEqual(['11-22 of level 1']);
  });

  test('without an identity asks for nothing that is encrypted, and merges what is not', async () => {
    const cipher = await encryptionFor([await identityToRecipient(await generateX25519Identity())]);
    await writeChain(4);
    for (let from = 23n; from < 59n; from += 3n) {
      const records = [putAt(from), putAt(from + 1n), putAt(from + 2n)];
      const { object } = await encodeSegment(someFacts(from, from + 2n, 3n), records, { cipher });
      const name = { kind: 'delta', from, to: from + 2n, epoch: 3n, id: segmentId(0) } as const;
      await store.put(deltaKey(name, true), object);
    }
    const asked: string[] = [];
    store.fault = (request, key) => void (request === 'get' && asked.push(key));
    const { merged, unreadable } = await round();
    expect([merged.length, unreadable]).toEqual([1, []]);
    await round({ cipher: async () => cipher });
    expect(asked.filter((key) => key.endsWith('.age'))).toEqual([]);
  });

  test('removes nothing because of a merged segment that is damaged', async () => {
    await writeChain(4);
    const small = (await readCatalogue(store)).segments.map(({ key }) => key);
    const objects = await Promise.all(small.map((key) => store.read(key)));
    const [merged = ''] = (await round()).merged;
    for (const [index, key] of small.entries()) await store.put(key, objects[index] ?? Buffer.alloc(0));
    const object = await store.read(merged);
    await writeFile(join(folder, merged), object.subarray(0, object.length - 1));
    expect((await round()).removed).toEqual([]);
    expect((await readCatalogue(store)).segments).toHaveLength(5);
  });

  test('that comes back otherwise than it was put removes nothing', async () => {
    await writeChain(4);
    const { put } = store;
    store.put = async (key, body) => {
      const cut = Buffer.isBuffer(body) ? body.subarray(0, body.length - 2) : Buffer.alloc(0);
      await put.call(store, key, cut);
      return { bytes: cut.length + 2 };
    };
    await expect(round()).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
    expect((await ranges()).filter((range) => range.endsWith('level 0'))).toHaveLength(4);
  });

  test('in a store that lets nothing be taken away only adds, once', async () => {
    await writeChain(5);
    store.fault = (request) => {
      if (request === 'remove') throw new StoreError('STORE_DENIED', 'no');
    };
    expect(await round()).toMatchObject({ removed: [], keepsAll: true, merged: [expect.any(String)] });
    expect(await round()).toMatchObject({ removed: [], keepsAll: true, merged: [] });
    expect(await ranges()).toHaveLength(6);
  });

  test('joins what two writers wrote at once, each revision once', async () => {
    await write(11n, 15n, undefined, 1n);
    await write(14n, 18n, undefined, 2n);
    await write(16n, 20n, undefined, 1n);
    await write(19n, 24n, undefined, 2n);
    await round();
    expect(await ranges()).toEqual(['11-24 of level 1']);
    const { revisions } = await stored(store, 10n);
    expect([...revisions.keys()]).toEqual(Array.from({ length: 14 }, (_, index) => 11n + BigInt(index)));
  });

  test('leaves what is young, what is behind a gap, and what would be too large', async () => {
    await writeChain(4);
    const wide = { ...limits, minAgeMs: 60_000 };
    expect((await round({ limits: wide })).merged).toEqual([]);
    expect((await round({ limits: { ...limits, maxBytes: 1 } })).merged).toEqual([]);
    await store.remove((await readCatalogue(store)).segments[1]?.key ?? '');
    await write(23n, 25n);
    expect((await round()).merged).toEqual([]);
  });

  test('goes on in the background, also after the store has failed', async () => {
    await writeChain(4);
    const ending = new AbortController();
    const told: (MergeOutcome | StoreError)[] = [];
    let failures = 2;
    store.fault = () => {
      failures -= 1;
      if (failures >= 0) throw new StoreError('STORE_UNREACHABLE', 'no way there');
    };
    await runMerging(
      {
        store,
        epoch: () => 4n,
        limits,
        now: () => Date.now() + 1_000,
        everyMs: 1,
        tell: (outcome) => {
          told.push(outcome);
          if (!(outcome instanceof StoreError)) ending.abort();
        },
      },
      ending.signal,
    );
    expect(told).toMatchObject([{ code: 'STORE_UNREACHABLE' }, { code: 'STORE_UNREACHABLE' }, { unreadable: [] }]);
    expect(await ranges()).toEqual(['11-22 of level 1']);
  });
});
