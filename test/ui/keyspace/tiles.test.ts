import { describe, expect, it } from 'vitest';
import { tilesOf } from '../../../src/ui/keyspace/tiles.ts';

describe('the tiles of the keyspace', () => {
  const totals = (prefix: string, bytes: number, writesPerSecond: number) => ({
    prefix,
    keys: 1,
    bytes,
    writes: 0,
    writesPerSecond,
  });
  const prefixes = [totals('/small/', 100, 50), totals('/large/', 300, 0), totals('/none/', 0, 9)];

  it('have areas by bytes, the largest first, and their heat by writes', () => {
    const tiles = tilesOf(prefixes, 400, 100);
    expect(tiles.map(({ totals: { prefix }, heat }) => [prefix, heat])).toEqual([
      ['/large/', 0],
      ['/small/', 100],
    ]);
    const [large, small] = tiles.map(({ width, height }) => width * height);
    expect((large ?? 0) / (small ?? 1)).toBeCloseTo(3, 0);
  });

  it('are none where there is no room or nothing to show', () => {
    expect(tilesOf(prefixes, 0, 100)).toEqual([]);
    expect(tilesOf([], 400, 100)).toEqual([]);
  });
});
