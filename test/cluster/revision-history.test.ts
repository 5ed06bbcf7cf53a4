import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RevisionHistory, revisionOlderThan } from '../../src/cluster/revision-history.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const everyMs = 5000;

/** One revision a millisecond, a look every 5 s, from 0 until then. */
function watched(untilMs: number, keepMs = HOUR_MS): RevisionHistory {
  const history = new RevisionHistory({ keepMs });
  for (let atMs = 0; atMs <= untilMs; atMs += everyMs) history.add(atMs, BigInt(atMs));
  return history;
}

describe('the history of revisions', () => {
  it('has none that is old enough until it has watched for so long', () => {
    expect(revisionOlderThan(watched(HOUR_MS - everyMs).samples(HOUR_MS - everyMs), HOUR_MS)).toBeUndefined();
    expect(revisionOlderThan(watched(HOUR_MS).samples(HOUR_MS), HOUR_MS)).toBe(0n);
    expect(revisionOlderThan([], 0)).toBeUndefined();
  });

  it('is exact for the last ten minutes, and about a minute beyond', () => {
    const nowMs = 2 * HOUR_MS;
    const samples = watched(nowMs).samples(nowMs);
    expect(revisionOlderThan(samples, 7 * MINUTE_MS)).toBe(BigInt(nowMs - 7 * MINUTE_MS));
    const old = revisionOlderThan(samples, HOUR_MS) ?? 0n;
    expect(old).toBeLessThanOrEqual(BigInt(HOUR_MS));
    expect(old).toBeGreaterThanOrEqual(BigInt(HOUR_MS - MINUTE_MS));
  });

  it('is newest first, and stays small', () => {
    for (const keepMs of [MINUTE_MS, HOUR_MS, 30 * 24 * HOUR_MS]) {
      const nowMs = 5 * HOUR_MS;
      const samples = watched(nowMs, keepMs).samples(nowMs);
      expect(samples.length).toBeLessThan(700);
      expect(samples.map(({ ageSeconds }) => ageSeconds)).toEqual(
        samples.map(({ ageSeconds }) => ageSeconds).toSorted((a, b) => a - b),
      );
    }
  });

  it('keeps twice the time that is asked for, and half an hour at least', () => {
    const nowMs = 5 * HOUR_MS;
    const oldest = (keepMs: number) => (watched(nowMs, keepMs).samples(nowMs).at(-1)?.ageSeconds ?? 0) * 1000;
    expect(oldest(HOUR_MS)).toBeGreaterThan(2 * HOUR_MS - 2 * MINUTE_MS);
    expect(oldest(HOUR_MS)).toBeLessThanOrEqual(2 * HOUR_MS);
    expect(oldest(MINUTE_MS)).toBeGreaterThan(28 * MINUTE_MS);
  });

  it('forgets higher revisions when the store is set back, and keeps the lower ones', () => {
    const history = watched(HOUR_MS);
    history.add(HOUR_MS + everyMs, BigInt(10 * MINUTE_MS));
    const samples = history.samples(HOUR_MS + everyMs);
    expect(samples[0]).toEqual({ ageSeconds: 0, revision: BigInt(10 * MINUTE_MS) });
    expect(samples.every(({ revision }) => revision <= BigInt(10 * MINUTE_MS))).toBe(true);
    expect(samples.length).toBeGreaterThan(5);
  });

  it('takes no second sample of one time', () => {
    const history = new RevisionHistory({ keepMs: HOUR_MS });
    history.add(1000, 5n);
    history.add(1000, 6n);
    history.add(999, 7n);
    expect(history.samples(1000)).toEqual([{ ageSeconds: 0, revision: 5n }]);
  });

  it('never gives a revision that is younger than asked for', () => {
    const round = fc.record({
      afterMs: fc.integer({ min: 0, max: 20 * MINUTE_MS }),
      more: fc.bigInt({ min: -50n, max: 500n }),
    });
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 200 }), fc.nat(3 * HOUR_MS), (rounds, ageMs) => {
        const history = new RevisionHistory({ keepMs: HOUR_MS });
        const seen: { atMs: number; revision: bigint }[] = [];
        let [nowMs, revision] = [0, 1000n];
        for (const { afterMs, more } of rounds) {
          nowMs += afterMs;
          revision += more;
          history.add(nowMs, revision);
          seen.push({ atMs: nowMs, revision });
        }
        const given = revisionOlderThan(history.samples(nowMs), ageMs);
        return given === undefined || seen.some((one) => one.revision === given && nowMs - one.atMs >= ageMs);
      }),
    );
  });
});
