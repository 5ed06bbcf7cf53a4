import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type GrowthEstimate, QuotaForecast } from '../../src/cluster/growth.ts';

const mib = 1024 ** 2;
const gib = 1024 ** 3;

/** Feeds one reading each 10 s; the file is as large as the largest size in use so far, as in bbolt. */
function forecastOf(
  seconds: number,
  inUseAt: (atSeconds: number) => number,
  quotaBytes: number | 'unknown' = 2 * gib,
  defragAtSeconds?: number,
): GrowthEstimate {
  const forecast = new QuotaForecast();
  let file = 0;
  for (let at = 0; at <= seconds; at += 10) {
    const dbSizeInUseBytes = inUseAt(at);
    file = at === defragAtSeconds ? dbSizeInUseBytes : Math.max(file, dbSizeInUseBytes);
    forecast.add({
      atSeconds: 5000 + at,
      dbSizeBytes: file,
      dbSizeInUseBytes,
      ...(quotaBytes === 'unknown' ? {} : { quotaBytes }),
    });
  }
  return forecast.estimate();
}

/** Climbs for a period, then falls back to the base. */
const tooth = (at: number, periodSeconds: number, heightBytes: number) =>
  ((at % periodSeconds) / periodSeconds) * heightBytes;

const minutes = 60;
const hours = 3600;

describe('time until the quota is reached', () => {
  test.each([
    ['a database that does not grow', 3 * hours, () => 300 * mib],
    ['one that shrinks', 3 * hours, (at: number) => gib - at * 1000],
    ['one that moves by a page up and down', 3 * hours, (at: number) => 300 * mib + ((at / 10) % 2) * 4096],
    ['a saw-tooth by compaction every 5 minutes', 30 * minutes, (at: number) => 200 * mib + tooth(at, 300, 90 * mib)],
    ['a saw-tooth by compaction every hour', 3 * hours, (at: number) => 200 * mib + tooth(at, 3600, gib)],
    [
      'one that grew for hours and has rested for two',
      6 * hours,
      (at: number) => 100 * mib + Math.min(at, 4 * hours) * 50_000,
    ],
    ['one that was filled and then rests', 40 * minutes, (at: number) => Math.min(at, 300) * mib],
  ] as const)('is infinite for %s', (_, seconds, inUseAt) => {
    expect(forecastOf(seconds, inUseAt).fullInSeconds).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    ['after a minute', 1 * minutes],
    ['after ten minutes', 10 * minutes],
    ['after ten hours', 10 * hours],
  ])('is what is left through the rate, for a database that grows steadily, %s', (_, seconds) => {
    const rate = 20_000;
    const estimate = forecastOf(seconds, (at) => 100 * mib + at * rate);
    expect(estimate.growthBytesPerSecond).toBeCloseTo(rate, 3);
    expect(estimate.fullInSeconds).toBeCloseTo((2 * gib - 100 * mib - seconds * rate) / rate, 3);
  });

  test('shows a sudden growth within four minutes, after hours of a saw-tooth', () => {
    const rate = mib;
    const since = 5 * hours;
    const estimate = forecastOf(since + 240, (at) =>
      at < since ? 200 * mib + tooth(at, 300, 90 * mib) : 290 * mib + (at - since) * rate,
    );
    expect(estimate.fullInSeconds).toBeGreaterThan(1500);
    expect(estimate.fullInSeconds).toBeLessThan(6000);
  });

  test('follows the slow rise of the teeth, not the teeth', () => {
    const rate = 5000;
    const seconds = 6 * hours;
    const estimate = forecastOf(seconds, (at) => 100 * mib + at * rate + tooth(at, 3600, 500 * mib));
    const left = 2 * gib - (600 * mib + seconds * rate);
    expect(estimate.fullInSeconds).toBeGreaterThan((left / rate) * 0.7);
    expect(estimate.fullInSeconds).toBeLessThan((left / rate) * 1.4);
  });

  test('does not take a defragmentation, nor the refill of the file after it, for growth', () => {
    const estimate = forecastOf(3 * hours, (at) => 200 * mib + tooth(at, 3600, gib), 2 * gib, 2.5 * hours);
    expect(estimate.fullInSeconds).toBe(Number.POSITIVE_INFINITY);
  });

  test('is finite again after a defragmentation saved a full database whose writers went on', () => {
    const rate = mib;
    const cycle = 1900;
    const estimate = forecastOf(cycle + 900, (at) => 50 * mib + (at % cycle) * rate, 2 * gib, cycle);
    expect(estimate.fullInSeconds).toBeCloseTo((2 * gib - 50 * mib - 900 * mib) / rate, -2);
  });

  test('is zero when the file has reached the quota, from the first reading on', () => {
    expect(forecastOf(0, () => 2 * gib)).toEqual({ fullInSeconds: 0 });
  });

  test('is infinite without a quota, from the first reading on, and the growth is still told', () => {
    expect(forecastOf(0, () => gib, Number.POSITIVE_INFINITY)).toEqual({ fullInSeconds: Number.POSITIVE_INFINITY });
    const later = forecastOf(600, (at) => gib + at * 1e5, Number.POSITIVE_INFINITY);
    expect(later.fullInSeconds).toBe(Number.POSITIVE_INFINITY);
    expect(later.growthBytesPerSecond).toBeCloseTo(1e5, 3);
  });

  test('is not told while the quota is unknown', () => {
    const estimate = forecastOf(600, (at) => gib + at * 1e5, 'unknown');
    expect(Object.keys(estimate)).toEqual(['growthBytesPerSecond']);
  });

  test('is not told before there are five readings over a minute', () => {
    expect(forecastOf(50, (at) => at * mib)).toEqual({});
    expect(forecastOf(60, (at) => at * mib).fullInSeconds).toBeGreaterThan(0);
  });

  test('survives one member restart that shows a stray size', () => {
    const rate = 20_000;
    const estimate = forecastOf(20 * minutes, (at) => (at === 900 ? 40_960 : 100 * mib + at * rate));
    expect(estimate.growthBytesPerSecond).toBeCloseTo(rate, -2);
  });

  test('does not count on free pages that did not keep the file from growing', () => {
    const forecast = new QuotaForecast();
    const rate = 20_000;
    for (let at = 0; at <= 600; at += 10) {
      const dbSizeInUseBytes = 100 * mib + at * rate;
      const dbSizeBytes = dbSizeInUseBytes + 50 * mib;
      forecast.add({ atSeconds: at, dbSizeBytes, dbSizeInUseBytes, quotaBytes: 2 * gib });
    }
    expect(forecast.estimate().fullInSeconds).toBeCloseTo((2 * gib - 150 * mib - 600 * rate) / rate, 3);
  });

  test('leaves out a reading that is not later than the one before', () => {
    const forecast = new QuotaForecast();
    const reading = { dbSizeBytes: gib, dbSizeInUseBytes: gib, quotaBytes: 2 * gib };
    for (let at = 0; at <= 120; at += 10) forecast.add({ ...reading, atSeconds: at });
    const before = forecast.estimate();
    forecast.add({ atSeconds: 3, dbSizeBytes: 2 * gib, dbSizeInUseBytes: 2 * gib, quotaBytes: 2 * gib });
    expect(forecast.estimate()).toEqual(before);
  });

  test('is never negative nor NaN, whatever the sizes do', () => {
    const sizes = fc.array(
      fc.record({ gap: fc.integer({ min: -5, max: 4000 }), inUse: fc.nat(3 * gib), free: fc.nat(gib) }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(sizes, fc.constantFrom(gib, 2 * gib, Number.POSITIVE_INFINITY), (readings, quotaBytes) => {
        const forecast = new QuotaForecast();
        let atSeconds = 0;
        for (const { gap, inUse, free } of readings) {
          atSeconds += gap;
          forecast.add({ atSeconds, dbSizeBytes: inUse + free, dbSizeInUseBytes: inUse, quotaBytes });
          const { fullInSeconds, growthBytesPerSecond } = forecast.estimate();
          if (fullInSeconds !== undefined) expect(fullInSeconds).toBeGreaterThanOrEqual(0);
          if (growthBytesPerSecond !== undefined) expect(growthBytesPerSecond).not.toBeNaN();
        }
      }),
    );
  });
});
