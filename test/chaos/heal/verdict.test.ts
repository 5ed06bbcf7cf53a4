import { describe, expect, test } from 'vitest';
import type { KeyHistory, Operation } from './history.ts';
import { quorumLostBy, type Sample, type SeenStep } from './quorum-watch.ts';
import { summaryTable } from './summary.ts';
import { judge } from './verdict.ts';

function put(invokedMs: number, endedMs: number, value: string): Operation {
  return { client: 'c', call: { kind: 'write', value }, answer: { kind: 'written' }, invokedMs, endedMs };
}

function history(operations: readonly Operation[], value: string | undefined): KeyHistory {
  return { key: 'k', operations, last: { value } };
}

describe('what a load has recorded', () => {
  test('is well where every write is there', () => {
    const verdict = judge([history([put(0, 1, 'a'), put(2, 3, 'b')], 'b')]);
    expect(verdict).toEqual({ problems: [], keys: 1, operations: 2, givenUp: 0, forgiven: 0, missing: [] });
  });

  test('is not where an acknowledged write is missing', () => {
    const { problems } = judge([history([put(0, 1, 'a'), put(2000, 3000, 'b')], 'a')]);
    expect(problems).toEqual([expect.stringContaining('but b was acknowledged')]);
  });

  test('may lack what was written right before the quorum was lost for good, and nothing older', () => {
    const lost = history([put(0, 1, 'a'), put(2000, 3000, 'b')], 'a');
    expect(judge([lost], [{ atMs: 3500, seconds: 2, writes: 1 }])).toMatchObject({ problems: [], forgiven: 1 });
    expect(judge([lost], [{ atMs: 9000, seconds: 2, writes: 1 }]).problems).toHaveLength(1);
    expect(judge([lost], [{ atMs: 3500, seconds: 2, writes: 0 }]).problems).toHaveLength(1);
    const twice = [
      { atMs: 3500, seconds: 2, writes: 0 },
      { atMs: 90_000, seconds: 2, writes: Infinity },
    ];
    expect(judge([lost], twice).problems).toEqual(['1 acknowledged writes are missing, and the plan had said 0']);
    expect(judge([history([put(0, 1, 'a')], 'z')], [{ atMs: 10, seconds: 2, writes: 1 }]).problems).toHaveLength(1);
  });
});

describe('a step that takes a member away', () => {
  const step: SeenStep = { operation: 'replace', operationId: 'x', name: 'remove-member', memberId: 'c', atMs: 10_000 };
  const sample = (atMs: number, ...well: string[]): Sample => ({ atMs, voters: ['a', 'b', 'c'], well });

  test('leaves a quorum where a majority was well without it', () => {
    expect(quorumLostBy(step, [sample(9800, 'a', 'b')])).toBeUndefined();
    expect(quorumLostBy(step, [sample(8000, 'a'), sample(9800, 'b')])).toBeUndefined();
  });

  test('is told of where it does not', () => {
    expect(quorumLostBy(step, [sample(9800, 'a', 'c')])).toContain('only 1 of the 3 voters besides it were well');
    expect(quorumLostBy(step, [sample(2000, 'a', 'b'), sample(9800, 'a')])).toContain('only 1');
  });

  test('takes nothing where it is no voter, or another kind of step', () => {
    expect(quorumLostBy({ ...step, memberId: 'learner' }, [sample(9800, 'a')])).toBeUndefined();
    expect(quorumLostBy({ ...step, name: 'promote' }, [sample(9800, 'a')])).toBeUndefined();
  });
});

test('the table has a line for each fault, also for those that were not brought about', () => {
  const result = { fault: 'wipe', longestGapSeconds: 0.26 };
  const table = summaryTable([1, 3, 2].map((seconds) => ({ ...result, seconds })));
  expect(table).toContain('| 3 | 3 | 2.0 | 3.0 | 0.3 |');
  expect(table).toContain('| 0 | 0 | – | – | – |');
});
