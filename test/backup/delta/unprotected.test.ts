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

  test('is never of a negative age, whatever the clock does', () => {
    const jumped = status({ lastSeenRevision: 2n, lastSpooledRevision: 1n, oldestOpenAtMs: 9_000 }, []);
    expect(recoveryPoints(jumped, 5_000).spool).toEqual({ seconds: 0, revisions: 1n });
  });
});
