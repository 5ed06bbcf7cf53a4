import { expect, test } from 'vitest';
import { KnownRevisions } from '../../../src/backup/compare/known-revisions.ts';

test('a snapshot behind another one in the same row of segments tells nothing more', () => {
  const known = new KnownRevisions();
  known.addRange({ from: 101n, to: 200n });
  expect(known.tells({ revision: 100n, compactRevision: 90n })).toBe(true);
  known.addFull({ revision: 100n, compactRevision: 90n });
  expect(known.tells({ revision: 150n, compactRevision: 140n })).toBe(false);
  expect(known.tells({ revision: 200n, compactRevision: 200n })).toBe(false);
  expect(known.tells({ revision: 201n, compactRevision: 140n })).toBe(true);
  expect(known.unknown(200n)).toEqual([{ from: 1n, to: 90n, heldAt: 100n }]);
});

test('a row of segments without a snapshot is still told what was before it', () => {
  const known = new KnownRevisions();
  known.addRange({ from: 101n, to: 200n });
  expect(known.unknown(200n)).toEqual([{ from: 1n, to: 100n }]);
  expect(known.tells({ revision: 150n, compactRevision: 140n })).toBe(true);
  known.addFull({ revision: 150n, compactRevision: 140n });
  expect(known.unknown(200n)).toEqual([{ from: 1n, to: 100n, heldAt: 150n }]);
});

test('a snapshot that was taken right after its compaction joins what follows it', () => {
  const known = new KnownRevisions();
  known.addFull({ revision: 50n, compactRevision: 50n });
  known.addRange({ from: 51n, to: 60n });
  known.addRange({ from: 71n, to: 80n });
  expect(known.unknown(80n)).toEqual([
    { from: 1n, to: 50n, heldAt: 50n },
    { from: 61n, to: 70n },
  ]);
  expect([50n, 51n, 60n, 61n, 75n].map((revision) => known.covers(revision))).toEqual([false, true, true, false, true]);
});

test('a snapshot may join rows that had a gap between them', () => {
  const known = new KnownRevisions();
  known.addFull({ revision: 10n, compactRevision: 0n });
  known.addRange({ from: 11n, to: 20n });
  known.addRange({ from: 31n, to: 40n });
  known.addFull({ revision: 35n, compactRevision: 15n });
  expect(known.unknown(40n)).toEqual([]);
  expect(known.tells({ revision: 40n, compactRevision: 1n })).toBe(false);
});

test('what only a broken segment at the end held is not known', () => {
  const known = new KnownRevisions();
  known.addFull({ revision: 10n, compactRevision: 0n });
  expect(known.unknown(12n)).toEqual([{ from: 11n, to: 12n }]);
  expect(new KnownRevisions().unknown(0n)).toEqual([]);
});
