import { describe, expect, it } from 'vitest';
import type { SegmentEntry } from '../../../src/backup/chain/catalogue.ts';
import { highestWriteRate } from '../../../src/backup/chain/write-rate.ts';

function segment(from: bigint, to: bigint, modifiedAtMs: number, id = '0x'): SegmentEntry {
  return { key: `${from}`, bytes: 1, modifiedAtMs, name: { kind: 'delta', from, to, epoch: 1n, id } };
}

describe('the highest rate of writes that a timeline tells of', () => {
  it('is not known from one segment', () => {
    expect(highestWriteRate([])).toBeUndefined();
    expect(highestWriteRate([segment(1n, 100n, 0)])).toBeUndefined();
  });

  it('is what came in the time since the segment before', () => {
    expect(highestWriteRate([segment(1n, 9n, 0), segment(10n, 209n, 1000), segment(210n, 309n, 3000)])).toBe(200);
  });

  it('takes those together that were stored within a second', () => {
    expect(highestWriteRate([segment(1n, 9n, 0), segment(10n, 59n, 400), segment(60n, 109n, 2000)])).toBe(50);
  });

  it('asks merged segments only where there are no others', () => {
    const merged = [segment(1n, 1000n, 60_000, '1x'), segment(1001n, 6000n, 61_000, '1x')];
    expect(highestWriteRate(merged)).toBe(5000);
    expect(highestWriteRate([...merged, segment(6001n, 6009n, 61_500), segment(6010n, 6059n, 62_500)])).toBe(50);
  });
});
