import { expect, test } from 'vitest';
import { memberTiming } from '../../../src/agent/member/options.ts';
import { RestartPauses } from '../../../src/agent/member/restart-pauses.ts';

const { steadyAfterMs, firstPauseMs } = memberTiming;

/** Started and ended so often, each run as long as this; gives when the last one ended. */
function runs(pauses: RestartPauses, times: number, eachMs: number, fromMs = 0): number {
  let nowMs = fromMs;
  for (let run = 0; run < times; run += 1) {
    pauses.started(nowMs);
    nowMs += eachMs;
    pauses.ended(nowMs);
  }
  return nowMs;
}

test('starts count as vain until the process has run for long, and no longer from then on', () => {
  const pauses = new RestartPauses(memberTiming);
  const nowMs = runs(pauses, 3, 60_000);
  expect(pauses.vainStarts(nowMs)).toBe(3);
  pauses.started(nowMs);
  expect(pauses.vainStarts(nowMs + steadyAfterMs - 1)).toBe(4);
  expect(pauses.vainStarts(nowMs + steadyAfterMs)).toBe(0);
  pauses.ended(nowMs + steadyAfterMs);
  expect(pauses.vainStarts(nowMs + steadyAfterMs)).toBe(0);
  expect(pauses.vainStarts(runs(pauses, 1, 5, nowMs + steadyAfterMs))).toBe(1);
});

test('a process that ends minutes after each start counts as started in vain, though nobody waits before the next start', () => {
  const pauses = new RestartPauses(memberTiming);
  const nowMs = runs(pauses, 5, steadyAfterMs - 1);
  expect([pauses.vainStarts(nowMs), pauses.leftMs(nowMs)]).toEqual([5, 0]);
});

test('with other data it begins anew, and without a pause', () => {
  const pauses = new RestartPauses(memberTiming);
  const nowMs = runs(pauses, 2, 5);
  expect([pauses.vainStarts(nowMs), pauses.leftMs(nowMs)]).toEqual([2, 2 * firstPauseMs]);
  pauses.forget();
  expect([pauses.vainStarts(nowMs), pauses.leftMs(nowMs)]).toEqual([0, 0]);
});
