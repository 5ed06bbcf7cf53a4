import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatLatency, formatPercent, formatSpan } from '../../src/cli/units.ts';

describe('numbers for people', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [1536 * 1024, '1.50 MiB'],
    [2 ** 31, '2.00 GiB'],
    [123 * 2 ** 40, '123 TiB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0.00031, '0.31 ms'],
    [0.0124, '12.4 ms'],
    [1.2, '1.20 s'],
  ])('a latency of %d s is %s', (seconds, text) => {
    expect(formatLatency(seconds)).toBe(text);
  });

  it.each([
    [0, '0 s'],
    [59.6, '1 min'],
    [3600, '1 h'],
    [3661, '1 h 1 min'],
    [277_200, '3 d 5 h'],
    [86_430, '1 d'],
  ])('a span of %d s is %s', (seconds, text) => {
    expect(formatSpan(seconds)).toBe(text);
  });

  it('ratios are percent and counts have their thousands apart', () => {
    expect(formatPercent(0.0061)).toBe('0.61 %');
    expect(formatCount(12_400n)).toBe('12,400');
  });
});
