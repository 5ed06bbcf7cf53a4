import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSizeBytes, parseSizeBytes, sizePattern } from '../../src/config/size.ts';

describe('a size', () => {
  it.each([
    ['64MiB', 67_108_864],
    ['2GiB', 2_147_483_648],
    ['1.5KiB', 1536],
    ['64 KiB', 65_536],
    ['1TiB', 1_099_511_627_776],
    ['512B', 512],
    ['4096', 4096],
    ['0', 0],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSizeBytes(text)).toEqual({ value: bytes });
  });

  it.each([
    ['64MB', '"MB" is not a unit of size; write 64MiB if powers of 1024 are meant'],
    ['2G', '"G" is not a unit of size; write 2GiB if powers of 1024 are meant'],
    ['1mib', '"mib" is not a unit of size; write 1MiB if powers of 1024 are meant'],
    ['1x', '"x" is not a unit of size'],
    ['-1', 'it is not a size'],
    ['', 'it is not a size'],
    ['MiB', 'it is not a size'],
    ['1e3', 'it is not a size'],
    ['1.1B', 'it is not a whole number of bytes'],
    ['9999999999TiB', 'it is too large'],
  ])('%j is refused: %s', (text, problem) => {
    expect(parseSizeBytes(text)).toEqual({ problem });
  });

  it('is read back as it was written', () => {
    const sizes = fc.oneof(
      fc.maxSafeNat(),
      fc.tuple(fc.nat({ max: 1023 }), fc.constantFrom(10, 20, 30, 40)).map(([n, e]) => n * 2 ** e),
    );
    fc.assert(
      fc.property(sizes, (bytes) => {
        const text = formatSizeBytes(bytes);
        expect(parseSizeBytes(text)).toEqual({ value: bytes });
        expect(text).toMatch(new RegExp(sizePattern));
      }),
    );
  });

  it('is whole and not negative, whatever text it was read from', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9.]{0,20} ?[BKMGTi]{0,3}$/), (text) => {
        const parsed = parseSizeBytes(text);
        if ('value' in parsed) expect(Number.isSafeInteger(parsed.value) && parsed.value >= 0).toBe(true);
      }),
    );
  });
});
