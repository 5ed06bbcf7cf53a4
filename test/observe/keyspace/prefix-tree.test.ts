import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixTree } from '../../../src/observe/keyspace/prefix-tree.ts';
import { KeyspaceTotals } from '../../../src/observe/keyspace/totals.ts';

const rules = { kubernetes: 'auto', maxDepth: 4 } as const;

function table(totals: KeyspaceTotals, depth: number): Record<string, [keys: number, bytes: number, writes: number]> {
  return Object.fromEntries(
    totals.byPrefix(depth).map(({ prefix, keys, bytes, writes }) => [prefix.toString(), [keys, bytes, writes]]),
  );
}

describe('totals by prefix', () => {
  it('are of a prefix and all below it, and of keys right under a shorter one', () => {
    const totals = new KeyspaceTotals(rules);
    for (const key of ['/a/b/1', '/a/b/2', '/a/c/d/3', '/a/4', '5']) {
      totals.put(Buffer.from(key), 10);
      totals.countWrite(Buffer.from(key));
    }
    expect(table(totals, 1)).toEqual({ '': [1, 11, 1], '/a/': [4, 64, 4] });
    expect(table(totals, 2)).toEqual({ '': [1, 11, 1], '/a/': [1, 14, 1], '/a/b/': [2, 32, 2], '/a/c/': [1, 18, 1] });
  });

  it('follow the newest word on each key, in whatever order writes come', () => {
    const step = fc.record({ key: fc.constantFrom('/a/1', '/a/2', '/b/c/1', 'x', '/b//'), bytes: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const [totals, model] = [new KeyspaceTotals(rules), new Map<string, number>()];
        for (const { key, bytes } of steps) {
          if (bytes === 0) {
            totals.remove(Buffer.from(key));
            model.delete(key);
          } else {
            totals.put(Buffer.from(key), bytes);
            model.set(key, key.length + bytes);
          }
        }
        expect(totals.keys).toBe(model.size);
        expect(totals.bytes).toBe([...model.values()].reduce((sum, bytes) => sum + bytes, 0));
        const rows = totals.byPrefix(3);
        expect(rows.reduce((sum, { keys }) => sum + keys, 0)).toBe(totals.keys);
        expect(rows.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(totals.bytes);
      }),
    );
  });

  it('go to the next shorter prefix when there are too many, and stay right when keys go', () => {
    const totals = new KeyspaceTotals(rules, { nodesPerLevel: 3, childrenPerNode: 100 });
    const keys = Array.from({ length: 10 }, (_, i) => Buffer.from(`/a/p${i}/key`));
    for (const key of keys) {
      totals.put(key, 1);
    }
    expect(table(totals, 2)).toEqual({
      '/a/': [7, 70, 0],
      '/a/p0/': [1, 10, 0],
      '/a/p1/': [1, 10, 0],
      '/a/p2/': [1, 10, 0],
    });
    for (const key of keys) {
      totals.remove(key);
    }
    expect(totals.keys).toBe(0);
    expect(totals.bytes).toBe(0);
    expect(totals.byPrefix(2)).toEqual([]);
  });

  it('give the room of empty, quiet prefixes to new ones, and the writes stay counted above', () => {
    const tree = new PrefixTree(rules, { nodesPerLevel: 1, childrenPerNode: 100 });
    const put = (key: string): void => {
      const node = tree.nodeOf(Buffer.from(key));
      node.writes += 1;
    };
    put('/a/old/1');
    put('/a/new/1');
    expect(tree.totals(2).map(({ prefix }) => prefix.toString())).toEqual(['/a/', '/a/old/']);
    tree.mark(1);
    put('/a/new/1');
    tree.mark(1);
    put('/a/new/1');
    tree.mark(1);
    put('/a/new/1');
    const rows = tree.totals(2).map(({ prefix, writes }) => [prefix.toString(), writes]);
    expect(rows.map(([prefix]) => prefix)).toContain('/a/new/');
    expect(tree.totals(1).map(({ writes }) => writes)).toEqual([5]);
  });

  it('do not count the writes of a prefix that gave way as new ones right under the shorter prefix', () => {
    const tree = new PrefixTree(rules, { nodesPerLevel: 1, childrenPerNode: 100 });
    tree.nodeOf(Buffer.from('/a/old/1')).writes += 1000;
    const above = tree.nodeOf(Buffer.from('/a/new/1'));
    above.writes += 1;
    above.keys += 1;
    for (let marks = 0; marks < 3; marks += 1) {
      tree.mark(1);
      tree.nodeOf(Buffer.from('/a/new/1'));
    }
    expect(tree.totals(2).map(({ prefix, writes }) => [prefix.toString(), writes])).toEqual([['/a/', 1]]);
    expect(tree.totals(1).map(({ writes }) => writes)).toEqual([1001]);
  });

  it('are those of the shorter prefix where a path element is longer than 512 bytes, so that memory is bounded', () => {
    const totals = new KeyspaceTotals(rules);
    const long = (length: number): string => `/a/${'x'.repeat(length - 1)}/key`;
    for (const length of [512, 513, 2 ** 20]) {
      totals.put(Buffer.from(long(length)), 1);
      totals.countWrite(Buffer.from(long(length)));
    }
    const prefixes = totals.byPrefix(4).map(({ prefix, keys, writes }) => [prefix.length, keys, writes]);
    expect(prefixes).toEqual([
      [3, 2, 2],
      [515, 1, 1],
    ]);
    totals.remove(Buffer.from(long(2 ** 20)));
    expect(totals.keys).toBe(2);
  });

  it('know how many writes a second there were since the last mark', () => {
    const totals = new KeyspaceTotals(rules);
    for (let i = 0; i < 30; i += 1) {
      totals.countWrite(Buffer.from('/a/key'));
    }
    totals.mark(10);
    expect(totals.byPrefix(1)[0]?.writesPerSecond).toBe(3);
    totals.mark(10);
    expect(totals.byPrefix(1)[0]?.writesPerSecond).toBe(0);
  });
});
