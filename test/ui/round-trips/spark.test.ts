import { describe, expect, it } from 'vitest';
import { sparkOf } from '../../../src/ui/round-trips/spark.ts';

/** A value at the end of each of these minutes before now. */
function spark(...values: readonly (number | null)[]): ReturnType<typeof sparkOf> {
  const end = 1_800_000_000;
  return sparkOf(
    values.map((_, index) => end - (values.length - 1 - index) * 60),
    values,
  );
}

describe('the sparkline of a round trip', () => {
  it('ends with the newest minute, and its highest value is at the top', () => {
    expect(spark(0.001, 0.001, 0.001, 0.001, 0.002)).toEqual({
      path: 'M55 6.5L56 6.5L57 6.5L58 6.5L59 1.0',
      least: 0.001,
      most: 0.002,
    });
  });

  it('has a gap where nothing is known', () => {
    expect(spark(0.002, 0.002, 0.002, null, 0.002, 0.002)?.path).toBe('M54 1.0L55 1.0L56 1.0M58 1.0L59 1.0');
  });

  it('shows of each minute the worst', () => {
    const times = [0, 60, 110, 120, 180, 240, 300];
    expect(sparkOf(times, [0.003, 0.003, 0.009, 0.003, 0.003, 0.003, 0.003])).toMatchObject({
      least: 0.003,
      most: 0.009,
    });
  });

  it('is nothing before there are five minutes, nor of what is older than an hour', () => {
    expect(spark(0.001, 0.001, 0.001, 0.001)).toBeUndefined();
    expect(sparkOf([0, 60, 120, 180, 7200], [1, 1, 1, 1, 1])).toBeUndefined();
  });
});
