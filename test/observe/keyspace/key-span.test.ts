import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeySpan } from '../../../src/observe/keyspace/key-span.ts';

interface Walk {
  readonly seen: readonly Buffer[];
  readonly requests: number;
  /** Keys that etcd would have visited to count them. */
  readonly visited: number;
}

/** Walks over sorted keys as etcd would answer, with `limit` keys a page. */
function walk(sorted: readonly Buffer[], limit: number): Walk {
  const span = new KeySpan();
  const seen: Buffer[] = [];
  let [requests, visited] = [0, 0];
  while (!span.done) {
    const { key, rangeEnd } = span.next();
    const open = rangeEnd.length === 1 && rangeEnd[0] === 0;
    expect(open || key.compare(rangeEnd) < 0).toBe(true);
    const inside = sorted.slice(lowerBound(sorted, key), open ? sorted.length : lowerBound(sorted, rangeEnd));
    const page = inside.slice(0, limit);
    seen.push(...page);
    requests += 1;
    visited += inside.length;
    const more = inside.length > page.length;
    span.advance({ limit, count: inside.length, more, first: page.at(0), last: page.at(-1) });
  }
  return { seen, requests, visited };
}

function lowerBound(sorted: readonly Buffer[], key: Buffer): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? key).compare(key) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

describe('walking over all keys in spans', () => {
  it('shows every key once and in order, whatever the keys are', () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => Buffer.from(bytes));
    const clustered = fc
      .tuple(fc.constantFrom('/a/', '/a/b/', '\xff\xff', '\0'), key)
      .map(([prefix, rest]) => Buffer.concat([Buffer.from(prefix, 'latin1'), rest]));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.oneof(key, clustered), { maxLength: 300, selector: (bytes) => bytes.toString('hex') }),
        fc.integer({ min: 1, max: 20 }),
        (keys, limit) => {
          const sorted = keys.toSorted(Buffer.compare);
          expect(walk(sorted, limit).seen).toEqual(sorted);
        },
      ),
    );
  });

  it('asks an empty etcd once', () => {
    expect(walk([], 100).requests).toBe(1);
  });

  it('makes etcd visit a few keys for each that it shows, where a plain walk takes half of all of them', () => {
    const sorted = Array.from({ length: 200_000 }, (_, i) =>
      Buffer.from(`/registry/kind${i % 40}/ns-${i % 7}/object-${String(i).padStart(7, '0')}`),
    ).toSorted(Buffer.compare);
    const { seen, requests, visited } = walk(sorted, 500);
    expect(seen.length).toBe(sorted.length);
    expect(visited / sorted.length).toBeLessThan(20);
    expect(requests).toBeLessThan((4 * sorted.length) / 500);
  });
});
