import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Diff, type DiffOptions, diffPoints } from '../../../src/backup/compare/diff.ts';
import { decryptionWith } from '../../../src/backup/encryption.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { alteredStore } from '../altered-store.ts';
import { seeded } from '../restore/random-life.ts';
import { writeSegments } from '../restore/written-backup.ts';
import { type LivedStore, livedStore } from './lived-store.ts';

const never = new AbortController().signal;
const NO_PREFIX = Buffer.alloc(0);

describe.each(['3.4', '3.5'] as const)('two points of a store are compared, etcd %s', (version) => {
  let lived: LivedStore;
  let place: string;
  let store: LocalStore;

  beforeAll(async () => {
    lived = await livedStore(version, 11);
  });
  afterAll(() => lived[Symbol.asyncDispose]());
  beforeEach(async () => {
    place = await mkdtemp(join(lived.folder, 'place-'));
    await cp(join(lived.folder, 'plain'), join(place, 'store'), { recursive: true });
    store = new LocalStore(join(place, 'store'));
  });

  const diff = (from: bigint | 'latest', to: bigint | 'latest', options: Partial<DiffOptions> = {}): Promise<Diff> => {
    const point = (revision: bigint | 'latest') =>
      revision === 'latest' ? ({ kind: 'latest' } as const) : ({ kind: 'revision', revision } as const);
    const base = { store, folder: place, from: point(from), to: point(to), prefix: NO_PREFIX, depth: 2, keys: 1000 };
    return diffPoints({ ...base, ...options }, never);
  };
  const segments = async () => (await readdir(join(place, 'store', 'delta'))).sort();
  const expectTrue = (found: Diff, from: bigint, to: bigint, prefix = ''): void => {
    const expected = modelDiff(lived, from, to).filter((line) => line.slice(4).startsWith(prefix));
    expect({ from: found.from, to: found.to, keys: linesOf(found) }).toEqual({ from, to, keys: expected });
    const { added, removed, changed, rewritten } = found.total;
    expect(added + removed + changed + rewritten).toBe(expected.length);
  };

  test('any two points, by the segments in between', async () => {
    const random = seeded(5);
    const [first] = lived.fulls;
    const span = Number(lived.lastRevision - first);
    for (let round = 0; round < 12; round += 1) {
      const [a, b] = [first + BigInt(random(span)), first + BigInt(random(span))].sort((x, y) => (x < y ? -1 : 1));
      const found = await diff(a ?? 0n, b ?? 0n);
      expect(found).toMatchObject({ read: 'segments', avoided: [] });
      expectTrue(found, a ?? 0n, b ?? 0n);
    }
  });

  test('from before the first full snapshot on, whose history was not compacted', async () => {
    const [first] = lived.fulls;
    const found = await diff(first - 40n, lived.lastRevision);
    expect(found.read).toBe('states');
    expectTrue(found, first - 40n, lived.lastRevision);
  });

  test('a point and itself', async () => {
    const [first] = lived.fulls;
    const found = await diff(first + 5n, first + 5n);
    expect(found).toMatchObject({ keys: [], prefixes: [], total: { bytesBefore: 0, bytesAfter: 0 } });
  });

  test('keys that do not fit into memory are compared share by share, with the same result', async () => {
    const [first] = lived.fulls;
    await rm(join(place, 'store', 'delta', (await segments())[2] ?? ''));
    for (const from of [first + 3n, first + 70n]) {
      expectTrue(await diff(from, lived.lastRevision, { keptBytes: 3000 }), from, lived.lastRevision);
    }
  });

  test('over a gap, all keys of both points', async () => {
    const [, second] = lived.fulls;
    const names = await segments();
    const gap = names.findLast((name) => BigInt(name.slice(20, 39)) < second) ?? '';
    await rm(join(place, 'store', 'delta', gap));
    const from = BigInt(gap.slice(0, 19)) - 3n;
    const found = await diff(from, lived.lastRevision);
    expect(found).toMatchObject({ read: 'states', avoided: [] });
    expectTrue(found, from, lived.lastRevision);
  });

  test('over a gap, from a point in it that the next full snapshot still holds', async () => {
    await rm(join(place, 'store', 'delta'), { recursive: true });
    const [first, second] = lived.fulls;
    expectTrue(await diff(lived.compactRevision, second), lived.compactRevision, second);
    expectTrue(await diff(first, lived.compactRevision + 4n), first, lived.compactRevision + 4n);
    await expect(diff(lived.compactRevision - 1n, second)).rejects.toMatchObject({
      code: 'REVISION_NOT_AVAILABLE',
      remedy: expect.stringContaining(String(first)),
    });
  });

  test('no snapshot is read where segments tell every old value', async () => {
    const snapshots = (await readdir(join(place, 'store', 'full'))).filter((name) => name.includes('.snap'));
    for (const name of snapshots) await rm(join(place, 'store', 'full', name));
    const { lastRevision } = lived;
    const end = await diff(lastRevision - 1n, lastRevision);
    expectTrue(end, lastRevision - 1n, lastRevision);
    expect(linesOf(end)).toEqual([`cha /end ${lastRevision - 1n}:1 ${lastRevision}:3`]);
  });

  test('a prefix only, and counts by prefix and by resource and namespace of Kubernetes', async () => {
    const [first] = lived.fulls;
    const prefix = Buffer.from('/registry/');
    const found = await diff(first, 'latest', { prefix });
    expectTrue(found, first, lived.lastRevision, '/registry/');
    expect(found.prefixes.map((row) => row.prefix).sort()).toEqual(
      ['/registry/batch.example.io/jobs', '/registry/minions', '/registry/pods'].filter((name) =>
        found.keys.some(({ key }) => key.toString().startsWith(name)),
      ),
    );
    const places = found.resources.map(({ resource, namespace = '-' }) => `${resource} ${namespace}`);
    const known = ['batch.example.io/jobs default', 'minions -', 'pods default', 'pods kube-system'];
    expect(places.length).toBeGreaterThan(1);
    expect(known).toEqual(expect.arrayContaining(places));
    const sums = (name: 'bytesBefore' | 'bytesAfter'): number =>
      found.resources.reduce((sum, counts) => sum + counts[name], 0);
    expect(sums('bytesBefore')).toBe(found.total.bytesBefore);
    expect(sums('bytesAfter') - sums('bytesBefore')).toBe(modelGrowth(lived, first, lived.lastRevision, '/registry/'));
  });

  test('a broken segment in between is told, and the points are compared without it', async () => {
    const [first, second] = lived.fulls;
    const names = await segments();
    const broken = names.findLast((name) => BigInt(name.slice(20, 39)) < second) ?? '';
    await flipBit(join(place, 'store', 'delta', broken));
    const found = await diff(first, lived.lastRevision);
    expect(found.avoided).toEqual([
      expect.objectContaining({ key: `delta/${broken}`, code: expect.stringMatching(/_DAMAGED$/) }),
    ]);
    expect(found.read).toBe('states');
    expectTrue(found, first, lived.lastRevision);
  });

  test('where the newest is asked for and its segment is broken, it is compared up to there, and what is lost is told', async () => {
    const [first] = lived.fulls;
    const broken = (await segments()).at(-1) ?? '';
    await flipBit(join(place, 'store', 'delta', broken));
    const before = BigInt(broken.slice(0, 19)) - 1n;
    const found = await diff(first, 'latest');
    expect(found.lost).toEqual({ from: before + 1n, to: lived.lastRevision });
    expectTrue(found, first, before);
    await expect(diff(first, lived.lastRevision)).rejects.toMatchObject({ code: 'REVISION_NOT_AVAILABLE' });
  });

  test('a broken full snapshot is told, and another one does', async () => {
    const [first, second] = lived.fulls;
    const manifests = (await readdir(join(place, 'store', 'full'))).filter((name) => name.endsWith('.json')).sort();
    const manifest = manifests.at(-1) ?? '';
    const { object } = JSON.parse(await readFile(join(place, 'store', 'full', manifest), 'utf8'));
    await flipBit(join(place, 'store', object));
    const found = await diff(second, lived.lastRevision);
    expect(found.avoided).toEqual([expect.objectContaining({ key: `full/${manifest}` })]);
    expectTrue(found, second, lived.lastRevision);
    expect(first).toBeLessThan(second);
  });

  test('segments that were merged while it read are looked for anew, which is no fault', async () => {
    const [first] = lived.fulls;
    let isMerged = false;
    const merging = alteredStore(store, {
      get: (key, range, signal) => reading(store, key, range, signal),
    });
    async function* reading(...[from, key, range, signal]: [LocalStore, ...Parameters<LocalStore['get']>]) {
      if (!isMerged && key.startsWith('delta/')) {
        isMerged = true;
        await rm(join(place, 'store', 'delta'), { recursive: true });
        await writeSegments(from, lived.records, [first + 1n, lived.lastRevision], { every: 1000 });
      }
      yield* from.get(key, range, signal);
    }
    const found = await diff(first, lived.lastRevision, { store: merging });
    expect(found).toMatchObject({ avoided: [], read: 'segments' });
    expectTrue(found, first, lived.lastRevision);
  });

  test('an encrypted store, with the identity only', async () => {
    const [first] = lived.fulls;
    const encrypted = new LocalStore(join(lived.folder, 'encrypted'));
    const decryption = await decryptionWith([lived.identity]);
    expectTrue(await diff(first, 'latest', { store: encrypted, decryption }), first, lived.lastRevision);
    await expect(diff(first, 'latest', { store: encrypted })).rejects.toMatchObject({ code: 'IDENTITY_MISSING' });
  });

  test('points in time', async () => {
    const [first] = lived.fulls;
    // Segments end a second after each other, the first one then.
    const from = { kind: 'time', atMs: 1_700_000_000_500 } as const;
    const to = { kind: 'time', atMs: 1_700_000_002_500 } as const;
    for (const name of await readdir(join(place, 'store', 'full'))) {
      if (BigInt(name.endsWith('.json') ? name.slice(0, 19) : 0) > first) await rm(join(place, 'store', 'full', name));
    }
    const old = (await readdir(join(place, 'store', 'full'))).find((name) => name.endsWith('.json')) ?? '';
    const path = join(place, 'store', 'full', old);
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...manifest, endedAt: '2023-01-01T00:00:00.000Z' }));
    expectTrue(await diff(0n, 0n, { from, to }), first + 20n, first + 60n);
  });

  test('the later point first is refused', async () => {
    const [first, second] = lived.fulls;
    await expect(diff(second, first)).rejects.toMatchObject({ code: 'POINTS_REVERSED' });
  });

  test('nothing is left in the work folder', async () => {
    const [first] = lived.fulls;
    await diff(first - 40n, 'latest');
    expect(await readdir(place)).toEqual(['store']);
  });
});

/** A kind, a key, and what it was before and after. */
function linesOf({ keys }: Diff): readonly string[] {
  return keys.map(({ kind, key, before, after }) => {
    const state = (one: typeof before): string => (one === undefined ? '-' : `${one.modRevision}:${one.valueBytes}`);
    return `${kind.slice(0, 3)} ${key.toString('latin1')} ${state(before)} ${state(after)}`;
  });
}

interface ModelKey {
  readonly revision: bigint;
  readonly value: Buffer;
}

function modelAt({ events }: LivedStore, at: bigint): ReadonlyMap<string, ModelKey> {
  const keys = new Map<string, ModelKey>();
  for (const { revision, event } of events) {
    if (revision > at) break;
    if (event.type === 'delete') keys.delete(event.key.toString('latin1'));
    else keys.set(event.key.toString('latin1'), { revision, value: event.value });
  }
  return keys;
}

function modelDiff(lived: LivedStore, from: bigint, to: bigint): readonly string[] {
  const [before, after] = [modelAt(lived, from), modelAt(lived, to)];
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((key) => {
    const [a, b] = [before.get(key), after.get(key)];
    if (a?.revision === b?.revision) return [];
    const kind = a === undefined ? 'add' : b === undefined ? 'rem' : a.value.equals(b.value) ? 'rew' : 'cha';
    const state = (one: ModelKey | undefined): string =>
      one === undefined ? '-' : `${one.revision}:${one.value.length}`;
    return [`${kind} ${key} ${state(a)} ${state(b)}`];
  });
}

function modelGrowth(lived: LivedStore, from: bigint, to: bigint, prefix: string): number {
  const size = (at: bigint): number =>
    [...modelAt(lived, at)]
      .filter(([key]) => key.startsWith(prefix))
      .reduce((sum, [key, { value }]) => sum + key.length + value.length, 0);
  return size(to) - size(from);
}

/** One bit in the middle of a file. */
async function flipBit(file: string): Promise<void> {
  const all = await readFile(file);
  const middle = all.length >> 1;
  all[middle] = (all[middle] ?? 0) ^ 4;
  await writeFile(file, all);
}
