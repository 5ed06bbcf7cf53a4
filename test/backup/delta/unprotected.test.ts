import { describe, expect, test } from 'vitest';
import type { DeltaStatus } from '../../../src/backup/delta/delta-stream.ts';
import { recoveryPoints, storedEverywhere } from '../../../src/backup/delta/unprotected.ts';

const spool = { bytes: 0, maxBytes: 1, pieces: 0, durable: true };
const status = (capture: DeltaStatus['capture'], stores: DeltaStatus['stores']): DeltaStatus => ({
  capture,
  spool,
  stores,
});

describe('what is not protected', () => {
  test('is nothing where every place has what is live', () => {
    const all = status({ lastSeenRevision: 9n, lastSpooledRevision: 9n, liveRevision: 9n }, [
      { store: 's3', kind: 'remote', positioned: true, lastStoredRevision: 9n },
    ]);
    const none = { seconds: 0, revisions: 0n };
    expect(recoveryPoints(all, 5_000)).toEqual({ spool: none, stores: new Map([['s3', none]]) });
  });

  test('is told for each place apart', () => {
    const behind = status(
      { lastSeenRevision: 12n, lastSpooledRevision: 10n, liveRevision: 11n, oldestOpenAtMs: 4_000 },
      [
        { store: 'folder', kind: 'local', positioned: true, lastStoredRevision: 10n },
        { store: 's3', kind: 'remote', positioned: true, lastStoredRevision: 2n, oldestWaitingAtMs: 1_000 },
        { store: 'dead', kind: 'remote', positioned: false },
      ],
    );
    expect(recoveryPoints(behind, 5_000)).toEqual({
      spool: { seconds: 1, revisions: 2n },
      stores: new Map([
        ['folder', { seconds: 1, revisions: 2n }],
        ['s3', { seconds: 4, revisions: 10n }],
        ['dead', undefined],
      ]),
    });
    expect(storedEverywhere(behind)).toBeUndefined();
    expect(storedEverywhere({ ...behind, stores: behind.stores.slice(0, 2) })).toBe(2n);
  });

  test.each([
    ['all without a full snapshot', { full: undefined, lostFrom: undefined, wantingSinceMs: 1_000 }, 4, 20n],
    ['all from the hole on, though more is stored', { full: 5n, lostFrom: 11n, wantingSinceMs: 2_000 }, 3, 10n],
    ['all after a full snapshot that is behind the hole', { full: 15n, lostFrom: 11n, wantingSinceMs: 2_000 }, 3, 5n],
    [
      'nothing where a full snapshot holds what no segment does',
      { full: 20n, lostFrom: undefined, wantingSinceMs: undefined },
      0,
      0n,
    ],
    [
      'what is not stored, where the path is whole',
      { full: 5n, lostFrom: undefined, wantingSinceMs: undefined },
      2,
      2n,
    ],
  ])('is %s', (_, cover, seconds, revisions) => {
    const stored = status({ lastSeenRevision: 20n, lastSpooledRevision: 20n, liveRevision: 20n }, [
      { store: 's3', kind: 'remote', positioned: true, lastStoredRevision: 18n, oldestWaitingAtMs: 3_000 },
    ]);
    expect(recoveryPoints(stored, 5_000, [cover]).stores.get('s3')).toEqual({ seconds, revisions });
    expect(recoveryPoints(stored, 5_000, [undefined]).stores.get('s3')).toBeUndefined();
  });

  test('has the age of what the member has and the watch does not tell', () => {
    const blind = status(
      { lastSeenRevision: 10n, lastSpooledRevision: 10n, liveRevision: 5_010n, behindSinceMs: 1_000 },
      [{ store: 's3', kind: 'remote', positioned: true, lastStoredRevision: 10n }],
    );
    const behind = { seconds: 4, revisions: 5_000n };
    expect(recoveryPoints(blind, 5_000)).toEqual({ spool: behind, stores: new Map([['s3', behind]]) });
  });

  test('is never of a negative age, whatever the clock does', () => {
    const jumped = status({ lastSeenRevision: 2n, lastSpooledRevision: 1n, oldestOpenAtMs: 9_000 }, []);
    expect(recoveryPoints(jumped, 5_000).spool).toEqual({ seconds: 0, revisions: 1n });
  });
});
