import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changeDigest } from '../../../src/backup/delta/last-change.ts';
import type { DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import { segmentId } from '../../../src/backup/delta/segment-id.ts';
import { encodeSegment } from '../../../src/backup/delta/segment-writer.ts';
import { storePosition } from '../../../src/backup/delta/store-position.ts';
import { deltaKey, manifestKey } from '../../../src/backup/names.ts';
import { partlyCold } from '../altered-store.ts';
import { FolderStore } from './folder-store.ts';
import { putAt, someFacts } from './segments.ts';

describe('where the history of a store ends', () => {
  let folder: string;
  let store: FolderStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-position-'));
    store = new FolderStore(folder);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const putFull = (revision: bigint) =>
    store.put(manifestKey({ kind: 'full', revision, time: '20260101T120000Z', id: 'f' }), Buffer.from(`${revision}`));
  const putSegment = async (from: bigint, to: bigint, facts: object = {}): Promise<{ key: string; sha256: string }> => {
    const segment = await encodeSegment({ ...someFacts(from, to), ...facts }, [putAt(from)]);
    const key = deltaKey({ kind: 'delta', from, to, epoch: 3n, id: segmentId(0) }, false);
    await store.put(key, segment.object);
    return { key, sha256: segment.manifestSha256 };
  };

  test('is nowhere in an empty one', async () => {
    expect(await storePosition(store)).toEqual({});
  });

  test('is at the full snapshot where nothing follows it', async () => {
    await putFull(10n);
    const previousManifestSha256 = createHash('sha256').update('10').digest('hex');
    expect(await storePosition(store)).toEqual({ storedRevision: 10n, previousManifestSha256 });
  });

  test('is at the end of the newest chain, before any gap', async () => {
    await putFull(10n);
    await putSegment(11n, 15n);
    const { sha256 } = await putSegment(16n, 20n);
    await putSegment(22n, 30n);
    expect(await storePosition(store)).toEqual({ storedRevision: 20n, previousManifestSha256: sha256 });
  });

  test('is at the end of the segments where the first full snapshot is still under way, or is ahead of them', async () => {
    const { sha256 } = await putSegment(11n, 15n);
    const expected = { storedRevision: 15n, previousManifestSha256: sha256 };
    expect(await storePosition(store)).toEqual(expected);
    await putFull(20n);
    expect(await storePosition(store)).toEqual(expected);
  });

  test('is before a segment that is damaged', async () => {
    await putFull(10n);
    const { sha256 } = await putSegment(11n, 15n);
    const { key } = await putSegment(16n, 20n);
    const object = await store.read(key);
    object[60] = (object[60] ?? 0) ^ 1;
    await writeFile(join(folder, key), object);
    expect(await storePosition(store)).toEqual({ storedRevision: 15n, previousManifestSha256: sha256 });
  });

  test('is found where a segment, or the full snapshot, lies in an archive class', async () => {
    await putFull(10n);
    const { sha256 } = await putSegment(11n, 15n);
    const { key: last } = await putSegment(16n, 20n);
    expect(await storePosition(partlyCold(store, (each) => each === last))).toEqual({
      storedRevision: 15n,
      previousManifestSha256: sha256,
    });
    // Capture goes on behind what can be read; the manifest before it is not named.
    expect(await storePosition(partlyCold(store, () => true))).toEqual({ storedRevision: 10n });
  });

  test('names the last change where the last segment has it', async () => {
    await putSegment(11n, 11n);
    const { batch } = putAt(11n) as Extract<DeltaRecord, { kind: 'revision' }>;
    const { lastChange } = await storePosition(store);
    expect(lastChange).toEqual({ revision: 11n, digest: changeDigest(batch) });
  });

  test('names no last change where an older version merged segments and copied that of the first one', async () => {
    await putSegment(11n, 15n, { lastChange: { revision: 12n, digest: '00000000' } });
    const position = await storePosition(store);
    expect([position.storedRevision, position.lastChange]).toEqual([15n, undefined]);
  });

  test('names what the last one in a merged segment was', async () => {
    await putFull(10n);
    const endsWithManifestSha256 = 'ab'.repeat(32);
    await putSegment(11n, 15n, { endsWithManifestSha256 });
    expect(await storePosition(store)).toEqual({ storedRevision: 15n, previousManifestSha256: endsWithManifestSha256 });
  });
});
