import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClockFilter, compareClocks, parseRfc3339 } from '../../../src/observe/peer-probe/clock.ts';

test("etcd's time is read to the nanosecond that it states, in any zone", () => {
  expect(parseRfc3339('2026-11-20T20:09:41Z')).toBe(1795205381);
  expect(parseRfc3339('2026-11-20T20:09:41.363895839Z')).toBeCloseTo(1795205381.363896, 6);
  expect(parseRfc3339('2026-11-20T22:09:41.5+02:00')).toBe(1795205381.5);
});

test('what is not an RFC 3339 time is no time', () => {
  for (const text of ['', 'yesterday', '2026-11-20', '2026-13-40T99:09:41Z', '2026-11-20T20:09:41', '1795205381']) {
    expect(parseRfc3339(text)).toBeUndefined();
  }
});

test('the true skew always lies within the stated error, wherever in the round trip the peer read its clock', async () => {
  await fc.assert(
    fc.property(
      fc.integer({ min: -3_600_000, max: 3_600_000 }),
      fc.integer({ min: 0, max: 2_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (skewMs, roundTripMs, share) => {
        const sentAtMs = 1_795_205_381_363;
        const readAtMs = Math.floor(sentAtMs + roundTripMs * share + skewMs);
        const sample = compareClocks({
          sentAtMs,
          roundTripSeconds: roundTripMs / 1000,
          now: new Date(readAtMs).toISOString(),
          date: undefined,
        });
        // The fake peer's own clock is cut down to 1 ms too.
        expect(Math.abs((sample?.skewSeconds ?? 0) - skewMs / 1000)).toBeLessThanOrEqual(
          (sample?.errorSeconds ?? 0) + 0.001,
        );
      },
    ),
  );
});

test('with the Date header alone the error is half a second more', () => {
  const sample = compareClocks({
    sentAtMs: Date.parse('2026-11-20T20:09:41.500Z'),
    roundTripSeconds: 0.01,
    now: 'garbage',
    date: 'Fri, 20 Nov 2026 20:09:46 GMT',
  });
  expect(sample?.skewSeconds).toBeCloseTo(5, 1);
  expect(sample?.errorSeconds).toBeCloseTo(0.5055, 4);
});

test('without any time there is no comparison', () => {
  const nothing = { sentAtMs: 0, roundTripSeconds: 0.01, now: undefined, date: undefined };
  expect(compareClocks(nothing)).toBeUndefined();
  expect(compareClocks({ ...nothing, date: 'soon' })).toBeUndefined();
});

test('of the newest eight comparisons the most precise counts', () => {
  const filter = new ClockFilter();
  filter.add({ skewSeconds: 0.02, errorSeconds: 0.05 });
  filter.add({ skewSeconds: 0.001, errorSeconds: 0.002 });
  filter.add({ skewSeconds: 0.1, errorSeconds: 0.2 });
  expect(filter.best?.skewSeconds).toBe(0.001);
  for (let i = 0; i < ClockFilter.size; i += 1) {
    filter.add({ skewSeconds: 0.002, errorSeconds: 0.01 });
  }
  expect(filter.best?.skewSeconds).toBe(0.002);
});

test('a clock that was set shows at once, however precise the comparisons before were', () => {
  const filter = new ClockFilter();
  filter.add({ skewSeconds: 0, errorSeconds: 0.001 });
  filter.add({ skewSeconds: 30, errorSeconds: 0.02 });
  expect(filter.best?.skewSeconds).toBe(30);
});
