import { describe, expect, test } from 'vitest';
import { atOnce, nextPace, type Pace } from '../../../src/operate/steps/compact-batches.ts';

const MEANT_MS = 200;

/** How large the batches become on a store where one of `batch` revisions takes so long. */
function sizes(
  takesMs: (batch: bigint) => number,
  count: number,
  first: Pace = { batch: 1000n, least: 1000n },
): bigint[] {
  const all: bigint[] = [];
  let pace = first;
  for (let made = 0; made < count; made += 1) {
    all.push(pace.batch);
    pace = nextPace(pace, takesMs(pace.batch), MEANT_MS);
  }
  return all;
}

describe('the batches of a compaction', () => {
  test('grow while they are short', () => {
    expect(sizes(() => 10, 4)).toEqual([1000n, 2000n, 4000n, 8000n]);
  });

  test('stay as they are when deleting itself takes the time', () => {
    expect(sizes((batch) => Number(batch) / 5, 5)).toEqual([1000n, 2000n, 2000n, 2000n, 2000n]);
  });

  test('grow also when they take long, where that is the walk through all keys and not what is deleted', () => {
    const walk = (batch: bigint): number => 5000 + Number(batch) / 10;
    const all = sizes(walk, 12);
    expect(all.slice(0, 5)).toEqual([1000n, 2000n, 4000n, 8000n, 16_000n]);
    // Where it no longer pays they stop growing.
    expect(all.at(-1)).toBe(all.at(-2));
    expect(walk(all.at(-1) ?? 0n)).toBeLessThan(30_000);
  });

  test('shrink where one keeps a pause waiting, but there are never too many of them', () => {
    expect(sizes(() => 60_000, 4, { batch: 16_000n, least: 5000n })).toEqual([16_000n, 8000n, 5000n, 5000n]);
  });

  test('are no more than one where nobody can write', () => {
    expect(atOnce({ at: 10n, target: 5_000_000n }).batch).toBe(4_999_990n);
  });
});
