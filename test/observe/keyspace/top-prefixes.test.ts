import { describe, expect, it } from 'vitest';
import type { SubtreeTotals } from '../../../src/observe/keyspace/prefix-tree.ts';
import { TopPrefixes } from '../../../src/observe/keyspace/top-prefixes.ts';

const identities = new Map<string, object>();

function row(prefix: string, bytes: number, writes = 0): SubtreeTotals {
  const identity = identities.get(prefix) ?? {};
  identities.set(prefix, identity);
  return { identity, prefix: Buffer.from(`${prefix}/`), keys: 1, bytes, writes, writesPerSecond: 0 };
}

describe('the largest prefixes', () => {
  it('come first, and the rest is summed up as other', () => {
    const top = new TopPrefixes(2).update([row('/a', 1), row('/b', 30), row('/c', 20), row('/d', 2)]);
    expect(top.map(({ prefix, keys, bytes }) => [prefix, keys, bytes])).toEqual([
      ['/b', 1, 30],
      ['/c', 1, 20],
      ['other', 2, 3],
    ]);
  });

  it('have no other when nothing is left out', () => {
    expect(new TopPrefixes(2).update([row('/a', 1)]).map(({ prefix }) => prefix)).toEqual(['/a']);
  });

  it('do not take turns when two are of about one size', () => {
    const top = new TopPrefixes(1);
    top.update([row('/a', 100), row('/b', 99)]);
    expect(top.update([row('/a', 100), row('/b', 110)])[0]?.prefix).toBe('/a');
    expect(top.update([row('/a', 100), row('/b', 130)])[0]?.prefix).toBe('/b');
  });

  it('leave a count of writes for other that never goes back', () => {
    const top = new TopPrefixes(1);
    const other = (...rows: Parameters<TopPrefixes['update']>[0]): number | undefined =>
      top.update(rows).find(({ prefix }) => prefix === 'other')?.writes;
    expect(other(row('/a', 100, 5), row('/b', 10, 7))).toBe(7);
    expect(other(row('/a', 100, 6), row('/b', 500, 9))).toBe(8);
    expect(other(row('/a', 100, 8), row('/b', 500, 9))).toBe(10);
    expect(other(row('/b', 500, 20))).toBe(10);
  });

  it('count each write once, whoever comes and goes', () => {
    const top = new TopPrefixes(1);
    const counts = (a: SubtreeTotals, b: SubtreeTotals): Record<string, number> =>
      Object.fromEntries(top.update([a, b]).map(({ prefix, writes }) => [prefix, writes]));
    expect(counts(row('/a', 100, 10), row('/b', 10, 1000))).toEqual({ '/a': 10, other: 1000 });
    expect(counts(row('/a', 100, 12), row('/b', 500, 1003))).toEqual({ '/b': 3, other: 1002 });
    expect(counts(row('/a', 100, 15), row('/b', 500, 1004))).toEqual({ '/b': 4, other: 1005 });
    expect(counts(row('/a', 900, 16), row('/b', 500, 1006))).toEqual({ '/a': 11, other: 1007 });
  });
});
