import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import type { DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import { encodeSegment } from '../../../src/backup/delta/segment-writer.ts';
import { encodeManifest } from '../../../src/backup/manifest.ts';
import { deltaKey, manifestKey, timeName } from '../../../src/backup/names.ts';
import { type ResolvedTarget, type RestoreTarget, resolveTarget } from '../../../src/backup/restore/target.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import { alteredStore } from '../altered-store.ts';
import { putAt, someFacts } from '../delta/segments.ts';

const never = new AbortController().signal;
const minute = 60_000;
const ten = Date.parse('2026-01-31T10:00:00Z');

describe('the revision that a point comes to', () => {
  let folder: string;
  let store: LocalStore;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-target-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    store = new LocalStore(await mkdtemp(join(folder, 'store-')));
    await full(100n, ten);
  });

  /** A manifest; nobody looks at its snapshot. */
  async function full(revision: bigint, endedAtMs: number): Promise<void> {
    const name = { time: timeName(endedAtMs), id: `f${revision}` };
    const nothing = { bytes: 0, sha256: '0'.repeat(64) };
    const manifest = encodeManifest({
      ...someFacts(revision, revision),
      ...{ kind: 'full', formatVersion: 1, plain: nothing, stored: nothing, compression: 'zstd' },
      ...{ object: `full/${name.time}-${name.id}.snap.zst`, keys: 1, entries: 1, compactRevision: 0n },
      ...{ kubernetes: false, leases: {}, startedAtMs: endedAtMs - 10, endedAtMs },
    });
    await store.put(manifestKey({ kind: 'full', revision, ...name }), manifest);
  }

  /** Revisions that were seen a minute after each other, the first one then. */
  async function segment(
    from: bigint,
    to: bigint,
    firstAtMs: number,
    others: readonly DeltaRecord[] = [],
  ): Promise<string> {
    const records: DeltaRecord[] = [];
    let seenAtMs = firstAtMs;
    for (let revision = from; revision <= to; revision += 1n, seenAtMs += minute) {
      const record = others.find((other) => other.kind === 'revision' && other.batch.revision === revision);
      const { batch } = (record ?? putAt(revision)) as Extract<DeltaRecord, { kind: 'revision' }>;
      records.push({ kind: 'revision', batch: { ...batch, seenAtMs } });
    }
    const facts = { ...someFacts(from, to), startedAtMs: firstAtMs, endedAtMs: seenAtMs - minute };
    const key = deltaKey({ kind: 'delta', from, to, epoch: 3n, id: `s${from}x${to}` }, false);
    await store.put(key, (await encodeSegment(facts, records)).object);
    return key;
  }

  async function damage(key: string): Promise<void> {
    const path = join(store.url.replace(/^file:\/\//, ''), key);
    const bytes = await readFile(path);
    bytes[bytes.length - 30] = (bytes[bytes.length - 30] ?? 0) ^ 1;
    await writeFile(path, bytes);
  }

  const resolve = async (target: RestoreTarget, from: Store = store): Promise<ResolvedTarget> =>
    resolveTarget(target, { store: from, catalogue: await readCatalogue(from, never) }, never);
  const at = (minutes: number): RestoreTarget => ({ kind: 'time', atMs: ten + minutes * minute });
  const deletion = (revision: bigint): DeltaRecord => {
    const gone = { type: 'delete' as const, key: Buffer.from('a'), value: Buffer.alloc(0) };
    return { kind: 'revision', batch: { revision, events: [{ ...gone, createRevision: 0n, version: 0n, lease: 0n }] } };
  };
  const beforeDelete: RestoreTarget = { kind: 'before-delete', key: Buffer.from('a') };

  test('a time within a segment, with when it and the next one were seen', async () => {
    await segment(101n, 110n, ten + minute);
    const { revision, lost, note } = await resolve(at(5.5));
    expect({ revision, lost }).toEqual({ revision: 105n, lost: undefined });
    expect(note).toBe(
      'Revision 105 was seen by 2026-01-31T10:05:00.000Z; the next one, 106, at 2026-01-31T10:06:00.000Z.',
    );
  });

  test('a time within a segment that is damaged: what comes before it, and what may be lost', async () => {
    await segment(101n, 110n, ten + minute);
    const key = await segment(111n, 120n, ten + 11 * minute);
    await segment(121n, 130n, ten + 21 * minute);
    await damage(key);
    const { revision, lost, broken, note } = await resolve(at(15));
    expect({ revision, lost }).toEqual({ revision: 110n, lost: { from: 111n, to: 120n } });
    expect(broken.map((one) => one.key)).toEqual([key]);
    expect(note).toContain('What came up to 120 may have been seen by then too');
  });

  test('a time behind a segment that is damaged: whether there is a way there is for others to see', async () => {
    const key = await segment(101n, 110n, ten + minute);
    await segment(111n, 120n, ten + 11 * minute);
    await damage(key);
    expect(await resolve(at(30))).toMatchObject({ revision: 120n, broken: [] });
    expect(await resolve(at(15))).toMatchObject({ revision: 115n, broken: [] });
  });

  test('a time before the damaged segment began loses nothing by it', async () => {
    await segment(101n, 110n, ten + minute);
    const key = await segment(111n, 120n, ten + 60 * minute);
    await damage(key);
    const { revision, lost } = await resolve(at(30));
    expect({ revision, lost }).toEqual({ revision: 110n, lost: undefined });
  });

  test('what another segment holds as well is not lost', async () => {
    const key = await segment(101n, 120n, ten + minute);
    await segment(101n, 108n, ten + minute);
    await segment(109n, 120n, ten + 9 * minute);
    await damage(key);
    const { revision, lost } = await resolve(at(15));
    expect({ revision, lost }).toEqual({ revision: 115n, lost: undefined });
  });

  test('a segment that is missing altogether is lost too', async () => {
    await segment(101n, 110n, ten + minute);
    await segment(121n, 130n, ten + 21 * minute);
    const { revision, lost } = await resolve(at(25));
    expect({ revision, lost }).toEqual({ revision: 110n, lost: { from: 111n, to: 125n } });
    expect((await resolve(at(15))).lost).toBeUndefined();
  });

  test('a segment that was merged since it was listed is found again in what it was merged into', async () => {
    const small = [await segment(101n, 110n, ten + minute), await segment(111n, 120n, ten + 11 * minute)];
    const catalogue = await readCatalogue(store, never);
    await segment(101n, 120n, ten + minute);
    for (const key of small) await store.remove(key);
    const { revision, lost, broken } = await resolveTarget(at(15), { store, catalogue }, never);
    expect({ revision, lost, broken }).toEqual({ revision: 115n, lost: undefined, broken: [] });
  });

  test('one that is listed and cannot be had is lost, and not looked for again and again', async () => {
    const key = await segment(101n, 110n, ten + minute);
    const without = alteredStore(store, {
      get: (wanted, range, signal) => store.get(wanted === key ? `${key}.gone` : wanted, range, signal),
    });
    const { revision, lost } = await resolve(at(5), without);
    expect({ revision, lost }).toEqual({ revision: 100n, lost: { from: 101n, to: 110n } });
  });

  test('where a clock was set, the last one that had ended is found near by, and it is said', async () => {
    await segment(101n, 110n, ten + minute);
    // An hour ahead, then right again.
    await segment(111n, 120n, ten + 71 * minute);
    await segment(121n, 130n, ten + 21 * minute);
    await segment(131n, 140n, ten + 41 * minute);
    const { revision, note } = await resolve(at(35));
    expect(revision).toBe(130n);
    expect(note).toContain('A clock was set near it');
  });

  test('the last deletion of a key, although something newer is damaged, which is said', async () => {
    await segment(101n, 110n, ten + minute, [deletion(105n)]);
    const key = await segment(111n, 120n, ten + 11 * minute);
    await damage(key);
    const { revision, note, broken } = await resolve(beforeDelete);
    expect(revision).toBe(104n);
    expect(note).toBe(
      `The key was deleted in revision 105. A later deletion may stand in what cannot be read: ${key}.`,
    );
    expect(broken).toHaveLength(1);
  });

  test('a deletion that stands only in what a damaged segment had held is found there', async () => {
    const key = await segment(101n, 120n, ten + minute, [deletion(105n)]);
    await segment(101n, 110n, ten + minute, [deletion(105n)]);
    await damage(key);
    expect(await resolve(beforeDelete)).toMatchObject({ revision: 104n });
  });

  test('a deletion in segments that were merged since they were listed', async () => {
    const small = [await segment(101n, 110n, ten + minute, [deletion(105n)]), await segment(111n, 120n, ten)];
    const catalogue = await readCatalogue(store, never);
    await segment(101n, 120n, ten + minute, [deletion(105n)]);
    for (const key of small) await store.remove(key);
    const { revision, broken } = await resolveTarget(beforeDelete, { store, catalogue }, never);
    expect({ revision, broken }).toEqual({ revision: 104n, broken: [] });
  });
});
