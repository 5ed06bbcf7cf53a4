import { expect, test } from 'vitest';
import { NudgeBudget } from '../../../src/agent/caretaker/nudge-budget.ts';

test('of a flood of nudges four are heeded, and then one in five seconds', () => {
  const budget = new NudgeBudget();
  const heeded: number[] = [];
  for (let atMs = 1000; atMs <= 61_000; atMs += 10) if (budget.take(atMs)) heeded.push(atMs);
  expect(heeded.slice(0, 4)).toEqual([1000, 1010, 1020, 1030]);
  expect(heeded.length).toBe(4 + 12);
  expect(heeded.slice(4).every((atMs, index) => atMs - (heeded[index + 3] ?? 0) >= 4900)).toBe(true);
});

test('after a quiet time four are heeded again, and no more for a longer one', () => {
  const budget = new NudgeBudget();
  for (let times = 0; times < 10; times += 1) budget.take(0);
  const later = Array.from({ length: 6 }, () => budget.take(3_600_000));
  expect(later).toEqual([true, true, true, true, false, false]);
});
