import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationPattern, formatDurationMs, parseDurationMs } from '../../src/config/duration.ts';

describe('a duration', () => {
  it.each([
    ['10s', 10_000],
    ['250ms', 250],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['1.1s', 1100],
    ['2d', 172_800_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['0s', 0],
  ])('%s is %d ms', (text, durationMs) => {
    expect(parseDurationMs(text)).toEqual({ value: durationMs });
  });

  it.each([
    ['10', 'it has no unit'],
    ['', 'it is not a duration'],
    ['s', 'it is not a duration'],
    ['-1s', 'it is not a duration'],
    ['1h 30m', 'it is not a duration'],
    ['5 minutes', 'it is not a duration'],
    ['1.s', 'it is not a duration'],
    ['5min', '"min" is not a unit of time'],
    ['10S', '"S" is not a unit of time'],
    ['3us', '"us" is not a unit of time'],
    ['30m1h', 'its units are not in the order d, h, m, s, ms'],
    ['1s1s', 'its units are not in the order d, h, m, s, ms'],
    ['0.5ms', 'it is finer than a millisecond'],
    ['99999999999999d', 'it is too long'],
  ])('%j is refused: %s', (text, problem) => {
    expect(parseDurationMs(text)).toEqual({ problem });
  });

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 12 }), (durationMs) => {
        const text = formatDurationMs(durationMs);
        expect(parseDurationMs(text)).toEqual({ value: durationMs });
        expect(text).toMatch(new RegExp(durationPattern));
      }),
    );
  });

  it('is whole, not negative and matched by the schema, whatever text it was read from', () => {
    const amount = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e6, noNaN: true })).map(String);
    const texts = fc.oneof(
      fc.string(),
      fc
        .array(fc.tuple(amount, fc.constantFrom('d', 'h', 'm', 's', 'ms', 'x', '')))
        .map((parts) => parts.flat().join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseDurationMs(text);
        if ('problem' in parsed) return;
        expect(Number.isSafeInteger(parsed.value) && parsed.value >= 0).toBe(true);
        expect(text).toMatch(new RegExp(durationPattern));
      }),
    );
  });
});
