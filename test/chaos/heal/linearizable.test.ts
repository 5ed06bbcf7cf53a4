import { describe, expect, test } from 'vitest';
import { seeded } from '../../backup/restore/random-life.ts';
import type { Answer, Call, Operation } from './history.ts';
import { linearizability } from './linearizable.ts';
import { lostWrites } from './lost-writes.ts';

/** `from..to call answer` of one client each; `to` Infinity: the answer was lost. */
function op(invokedMs: number, endedMs: number, call: Call, answer?: Answer): Operation {
  const lost = endedMs === Number.POSITIVE_INFINITY;
  return {
    client: 'c',
    call,
    answer: answer ?? (lost ? { kind: 'unknown' } : { kind: 'written' }),
    invokedMs,
    endedMs,
  };
}
const put = (invokedMs: number, endedMs: number, value: string): Operation =>
  op(invokedMs, endedMs, { kind: 'write', value });
const get = (invokedMs: number, endedMs: number, value: string | undefined): Operation =>
  op(invokedMs, endedMs, { kind: 'read' }, { kind: 'value', value });
const swap = (
  [invokedMs, endedMs]: readonly [number, number],
  expected: string | undefined,
  value: string,
  done: boolean,
): Operation => op(invokedMs, endedMs, { kind: 'swap', expected, value }, { kind: 'swapped', done });

describe('a history of one register', () => {
  test.each<[string, readonly Operation[]]>([
    ['nothing at all', []],
    [
      'calls one after the other',
      [get(0, 1, undefined), put(2, 3, 'a'), get(4, 5, 'a'), put(6, 7, 'b'), get(8, 9, 'b')],
    ],
    ['a read beside a write sees it', [put(0, 10, 'a'), get(1, 2, 'a')]],
    ['a read beside a write does not see it yet', [put(0, 10, 'a'), get(1, 2, undefined), get(3, 4, 'a')]],
    ['two writes side by side, in either order', [put(0, 10, 'a'), put(0, 10, 'b'), get(11, 12, 'a')]],
    ['a lost write that was done much later', [put(0, Infinity, 'a'), put(1, 2, 'b'), get(3, 4, 'b'), get(5, 6, 'a')]],
    ['a lost write that was never done', [put(0, Infinity, 'a'), put(1, 2, 'b'), get(3, 4, 'b'), get(5, 6, 'b')]],
    [
      'a swap that succeeded, and one that could not',
      [put(0, 1, 'a'), swap([2, 3], 'a', 'b', true), swap([4, 5], 'a', 'c', false), get(6, 7, 'b')],
    ],
    ['a swap of nothing', [swap([0, 1], undefined, 'a', true), swap([0, 3], undefined, 'b', false), get(4, 5, 'a')]],
  ])('is linearizable: %s', (_, operations) => {
    expect(linearizability(operations)).toBe('linearizable');
  });

  test.each<[string, readonly Operation[]]>([
    ['a read of what was overwritten', [put(0, 1, 'a'), put(2, 3, 'b'), get(4, 5, 'a')]],
    ['an acknowledged write that is gone', [put(0, 1, 'a'), get(2, 3, undefined)]],
    ['a value that was seen and then not', [put(0, 20, 'a'), get(1, 2, 'a'), get(3, 4, undefined)]],
    ['a value that nobody wrote', [put(0, 1, 'a'), get(0, 2, 'z')]],
    ['a lost write that is seen before it was asked for', [get(0, 1, 'a'), put(2, Infinity, 'a')]],
    ['a lost write that comes and goes', [put(0, Infinity, 'a'), put(1, 2, 'b'), get(3, 4, 'a'), get(5, 6, 'b')]],
    ['two swaps of the same value', [put(0, 1, 'a'), swap([2, 9], 'a', 'b', true), swap([3, 8], 'a', 'c', true)]],
    ['a swap that fails although it could not', [put(0, 1, 'a'), swap([2, 3], 'a', 'b', false)]],
    [
      'two readers that see writes in different orders',
      [put(0, 10, 'a'), put(0, 10, 'b'), get(11, 12, 'a'), get(13, 14, 'b')],
    ],
  ])('is not linearizable: %s', (_, operations) => {
    expect(linearizability(operations)).toBe('not-linearizable');
  });

  test('of hundreds of calls, many of them side by side or lost, is judged quickly and rightly', () => {
    const random = seeded(7);
    for (let round = 0; round < 8; round += 1) {
      const operations = realHistory(random, 120);
      expect(linearizability(operations)).toBe('linearizable');
      const reads = operations.filter(({ call }) => call.kind === 'read');
      const stale = reads.at(-1);
      if (stale === undefined) continue;
      const wrong = operations.map((each) =>
        each === stale ? { ...each, answer: { kind: 'value', value: 'never written' } as const } : each,
      );
      expect(linearizability(wrong)).toBe('not-linearizable');
    }
  });

  test('that would take too long is given up', () => {
    const many = Array.from({ length: 30 }, (_, index) => put(0, 100, `v${index}`));
    expect(linearizability([...many, get(101, 102, 'z')], 1000)).toBe('given-up');
  });
});

describe('acknowledged writes', () => {
  test('are not lost while the last one is there, or one that was made beside it', () => {
    const operations = [put(0, 1, 'a'), put(2, 9, 'b'), put(3, 8, 'c')];
    expect(lostWrites({ key: 'k', operations, last: { value: 'b' } })).toEqual([]);
    expect(lostWrites({ key: 'k', operations, last: { value: 'c' } })).toEqual([]);
  });

  test('are not lost where one whose answer was lost came after them', () => {
    const operations = [put(0, Infinity, 'a'), put(2, 3, 'b')];
    expect(lostWrites({ key: 'k', operations, last: { value: 'a' } })).toEqual([]);
  });

  test.each<[string, readonly Operation[], string | undefined]>([
    ['an older one stands there', [put(0, 1, 'a'), put(2, 3, 'b')], 'a'],
    ['nothing stands there', [put(0, 1, 'a')], undefined],
    ['something stands there that nobody wrote', [put(0, 1, 'a')], 'z'],
    ['a swap was acknowledged', [put(0, 1, 'a'), swap([2, 3], 'a', 'b', true)], 'a'],
  ])('are lost where %s', (_, operations, value) => {
    expect(lostWrites({ key: 'k', operations, last: { value } })).toHaveLength(1);
  });

  test('are not missed where a swap was refused', () => {
    const operations = [put(0, 1, 'a'), swap([2, 3], 'z', 'b', false)];
    expect(lostWrites({ key: 'k', operations, last: { value: 'a' } })).toEqual([]);
  });
});

/** What a register really answered: each call takes effect at one instant between its ends. */
function realHistory(random: (below: number) => number, count: number): readonly Operation[] {
  const plans = Array.from({ length: count }, (_, index) => {
    const invokedMs = index * 10;
    const endedMs = invokedMs + 1 + random(60);
    return { index, invokedMs, endedMs, atMs: invokedMs + random(endedMs - invokedMs), isLost: random(20) === 0 };
  });
  let value: string | undefined;
  return plans
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ index, invokedMs, endedMs, isLost }) => {
      const kind = random(3);
      const call: Call =
        kind === 0
          ? { kind: 'read' }
          : kind === 1
            ? { kind: 'write', value: `v${index}` }
            : { kind: 'swap', expected: random(2) === 0 ? value : 'other', value: `v${index}` };
      const before = value;
      const done = call.kind === 'swap' && call.expected === before;
      if (call.kind === 'write' || (call.kind === 'swap' && done)) value = call.value;
      const answers: Record<Call['kind'], Answer> = {
        read: { kind: 'value', value: before },
        write: { kind: 'written' },
        swap: { kind: 'swapped', done },
      };
      const lost = isLost && call.kind !== 'read';
      const answer: Answer = lost ? { kind: 'unknown' } : answers[call.kind];
      return { client: 'c', call, answer, invokedMs, endedMs: lost ? Number.POSITIVE_INFINITY : endedMs };
    });
}
