import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type HistoryOptions, type KeyHistory, keyHistory } from '../../../src/backup/compare/key-history.ts';
import type { KeyRevision } from '../../../src/backup/compare/key-revision.ts';
import { decryptionWith } from '../../../src/backup/encryption.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { alteredStore } from '../altered-store.ts';
import { writeSegments } from '../restore/written-backup.ts';
import { BINARY_KEY, type Lived, type LivedStore, livedStore } from './lived-store.ts';

const never = new AbortController().signal;

describe.each(['3.4', '3.5'] as const)('the history of a key, etcd %s', (version) => {
  let lived: LivedStore;
  let keys: readonly Buffer[];
  let place: string;
  let store: LocalStore;

  beforeAll(async () => {
    lived = await livedStore(version, 23);
    keys = [...new Set(lived.events.map(({ event }) => event.key.toString('latin1')))].map((key) =>
      Buffer.from(key, 'latin1'),
    );
  });
  afterAll(() => lived[Symbol.asyncDispose]());
  beforeEach(async () => {
    place = await mkdtemp(join(lived.folder, 'place-'));
    await cp(join(lived.folder, 'plain'), join(place, 'store'), { recursive: true });
    store = new LocalStore(join(place, 'store'));
  });

  const history = (key: Buffer, options: Partial<HistoryOptions> = {}): Promise<KeyHistory> =>
    keyHistory({ store, folder: place, key, limit: 1000, values: true, ...options }, never);
  const segments = async () => (await readdir(join(place, 'store', 'delta'))).sort();
  const removeFull = async (number: number): Promise<void> => {
    const manifests = (await readdir(join(place, 'store', 'full'))).filter((name) => name.endsWith('.json')).sort();
    await rm(join(place, 'store', 'full', manifests[number] ?? ''));
  };
  const eventsOf = (key: Buffer, isKnown: (revision: bigint) => boolean = () => true): readonly string[] =>
    lived.events.filter(({ revision, event }) => event.key.equals(key) && isKnown(revision)).map(livedLine);

  test('every key is told as it lived, deletions and what was before them too, each revision once', async () => {
    expect(keys.length).toBeGreaterThan(50);
    for (const key of [...keys.slice(0, 12), BINARY_KEY]) {
      const found = await history(key);
      expect(found.revisions.map(foundLine)).toEqual(eventsOf(key));
      expect(found).toMatchObject({ unknown: [], avoided: [], total: eventsOf(key).length });
    }
  });

  test('only one full snapshot is read where there are no gaps', async () => {
    const { object } = JSON.parse(await readFile(join(place, 'store', await secondManifest(place)), 'utf8'));
    await rm(join(place, 'store', object));
    expect((await history(BINARY_KEY)).avoided).toEqual([]);
  });

  test('after a compaction: what happened since, the last write before it, and of what nothing more is known', async () => {
    await removeFull(0);
    await rm(join(place, 'store', 'delta'), { recursive: true });
    const { compactRevision, fulls } = lived;
    let older = 0;
    for (const key of keys) {
      const all = lived.events.filter(({ event }) => event.key.equals(key));
      const last = all.findLast(({ revision }) => revision <= compactRevision);
      const kept = last?.event.type === 'put' ? last.revision : undefined;
      const found = await history(key);
      // Some versions keep a deletion that was made at the compact revision itself.
      const revisions = found.revisions.filter(({ revision, type }) => revision > compactRevision || type === 'put');
      expect(revisions.map(foundLine)).toEqual(
        eventsOf(key, (at) => (at > compactRevision && at <= fulls[1]) || at === kept),
      );
      expect(found.unknown).toEqual([{ from: 1n, to: compactRevision, heldAt: fulls[1] }]);
      older += kept === undefined ? 0 : 1;
    }
    expect(older).toBeGreaterThan(3);
  });

  test('over a gap that the next full snapshot holds a part of', async () => {
    const [first, second] = lived.fulls;
    for (const name of await segments()) {
      if (BigInt(name.slice(0, 19)) < second) await rm(join(place, 'store', 'delta', name));
    }
    const rest = BigInt((await segments())[0]?.slice(0, 19) ?? 0);
    const isHeld = (at: bigint): boolean => at <= first || (at > lived.compactRevision && at <= second) || at >= rest;
    for (const key of keys.slice(0, 12)) {
      const found = await history(key);
      const known = found.revisions.filter(({ revision }) => isHeld(revision));
      expect(known.map(foundLine)).toEqual(eventsOf(key, isHeld));
      // What stood at the compaction was written in the gap.
      const others = found.revisions.filter(({ revision }) => !isHeld(revision));
      expect(eventsOf(key)).toEqual(expect.arrayContaining(others.map(foundLine)));
      expect(found.unknown).toEqual([
        { from: first + 1n, to: lived.compactRevision, heldAt: second },
        ...(rest > second + 1n ? [{ from: second + 1n, to: rest - 1n }] : []),
      ]);
    }
  });

  test('segments of two writers that overlap are told once', async () => {
    const [first] = lived.fulls;
    await writeSegments(store, lived.records, [first + 7n, lived.lastRevision - 4n], { every: 33, epoch: 2n });
    for (const key of keys.slice(0, 5)) expect((await history(key)).revisions.map(foundLine)).toEqual(eventsOf(key));
  });

  test('the newest ones only, with their number in all', async () => {
    const all = eventsOf(BINARY_KEY);
    const found = await history(BINARY_KEY, { limit: 3 });
    expect(found.revisions.map(foundLine)).toEqual(all.slice(-3));
    expect(found.total).toBe(all.length);
  });

  test('values are given only where they are asked for', async () => {
    const found = await history(BINARY_KEY, { values: false });
    expect(found.revisions.some((revision) => 'value' in revision)).toBe(false);
    expect(JSON.stringify(found, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
      'secret-',
    );
  });

  test('a broken segment is told, nothing of it is, and where another one holds the same, nothing is missing', async () => {
    const broken = (await segments()).at(-2) ?? '';
    const file = join(place, 'store', 'delta', broken);
    const all = await readFile(file);
    all[all.length - 20] = (all[all.length - 20] ?? 0) ^ 4;
    await writeFile(file, all);
    const [from, to] = [BigInt(broken.slice(0, 19)), BigInt(broken.slice(20, 39))];
    const inIt = lived.events.find(({ revision }) => revision >= from && revision <= to)?.event.key ?? BINARY_KEY;
    const found = await history(inIt);
    expect(found.avoided).toEqual([expect.objectContaining({ key: `delta/${broken}` })]);
    expect(found.unknown).toEqual([{ from, to }]);
    expect(found.revisions.map(foundLine)).toEqual(eventsOf(inIt, (at) => at < from || at > to));
    // The last segment may be shorter than what is to overlap with it.
    const end = to + 3n > lived.lastRevision ? lived.lastRevision : to + 3n;
    await writeSegments(store, lived.records, [from - 3n, end], { every: 100, epoch: 2n });
    const again = await history(inIt);
    expect(again).toMatchObject({ unknown: [], total: eventsOf(inIt).length });
  });

  test('segments that were merged while it read are looked for anew, which is no fault', async () => {
    const [first] = lived.fulls;
    let isMerged = false;
    const merging = alteredStore(store, { get: (key, range, signal) => reading(store, key, range, signal) });
    async function* reading(...[from, key, range, signal]: [LocalStore, ...Parameters<LocalStore['get']>]) {
      if (!isMerged && key === `delta/${(await segments())[3]}`) {
        isMerged = true;
        await rm(join(place, 'store', 'delta'), { recursive: true });
        await writeSegments(from, lived.records, [first + 1n, lived.lastRevision], { every: 1000 });
      }
      yield* from.get(key, range, signal);
    }
    const found = await history(BINARY_KEY, { store: merging });
    expect({ isMerged, avoided: found.avoided }).toEqual({ isMerged: true, avoided: [] });
    expect(found.revisions.map(foundLine)).toEqual(eventsOf(BINARY_KEY));
  });

  test('an encrypted store, with the identity only', async () => {
    const encrypted = new LocalStore(join(lived.folder, 'encrypted'));
    const decryption = await decryptionWith([lived.identity]);
    const found = await history(BINARY_KEY, { store: encrypted, decryption });
    expect(found.revisions.map(foundLine)).toEqual(eventsOf(BINARY_KEY));
    await expect(history(BINARY_KEY, { store: encrypted })).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
  });

  test('a key that never was', async () => {
    expect(await history(Buffer.from('/never'))).toMatchObject({ total: 0, revisions: [], avoided: [] });
    expect(await readdir(place)).toEqual(['store']);
  });
});

async function secondManifest(place: string): Promise<string> {
  const names = (await readdir(join(place, 'store', 'full'))).filter((name) => name.endsWith('.json')).sort();
  return `full/${names[1]}`;
}

function livedLine({ revision, event }: Lived): string {
  const { type, createRevision, version, lease, value } = event;
  if (type === 'delete') return `${revision} delete`;
  return `${revision} put ${createRevision} ${version} ${lease} ${value.length} ${value.toString('latin1').slice(0, 20)}`;
}

function foundLine({ revision, type, createRevision, version, lease, valueBytes, value }: KeyRevision): string {
  if (type === 'delete') return `${revision} delete`;
  return `${revision} put ${createRevision} ${version} ${lease} ${valueBytes} ${value?.toString('latin1').slice(0, 20)}`;
}
