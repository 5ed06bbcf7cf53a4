import { describe, expect, test } from 'vitest';
import { fullDue } from '../../../src/agent/backup/full-due.ts';
import { StoreFulls } from '../../../src/agent/backup/store-fulls.ts';
import { openStore } from '../../../src/backup/store/open-store.ts';
import { cronSchedule } from '../../../src/decide/schedule.ts';

const known = (): StoreFulls => Object.assign(new StoreFulls(openStore('file:///nowhere')), { known: true });
const at = (lastRevision: bigint) => ({ lastRevision, startedAtMs: 0 });

describe('what the deltas of a store stand on', () => {
  test('is not known before it has answered, and then is nothing until there is a full snapshot', () => {
    expect(new StoreFulls(openStore('file:///nowhere')).cover).toBeUndefined();
    const state = known();
    expect(state.cover).toEqual({ full: undefined, lostFrom: undefined, wantingSinceMs: expect.any(Number) });
    state.remember(at(10n));
    expect(state.cover).toEqual({ full: 10n, lostFrom: undefined, wantingSinceMs: undefined });
    state.forget();
    expect(state.cover).toMatchObject({ full: undefined, wantingSinceMs: expect.any(Number) });
  });

  test('ends before the first of its holes until a full snapshot is behind them all', () => {
    const state = known();
    state.remember(at(10n));
    state.lose({ from: 5n, to: 10n });
    expect(state.cover).toMatchObject({ lostFrom: undefined });
    state.lose({ from: 20n, to: 29n });
    state.lose({ from: 40n, to: 49n });
    expect(state.cover).toMatchObject({ full: 10n, lostFrom: 20n, wantingSinceMs: expect.any(Number) });
    state.remember(at(30n));
    expect(state.cover).toMatchObject({ full: 30n, lostFrom: 20n });
    state.remember(at(49n));
    expect(state.cover).toEqual({ full: 49n, lostFrom: undefined, wantingSinceMs: undefined });
  });
});

describe('a full snapshot that a clock had begun in the future', () => {
  const dayMs = 86_400_000;
  const nowMs = Date.parse('2026-03-04T12:00:00Z');
  const hourly = cronSchedule('0 * * * *', 'UTC');

  test('keeps the schedule waiting for no longer than its next time', () => {
    const state = known();
    state.remember({ lastRevision: 10n, startedAtMs: nowMs + 10 * dayMs });
    const due = (atMs: number) => fullDue({ newest: state.newestAt(atMs), lostUpTo: 0n }, hourly, atMs);
    expect([due(nowMs), due(nowMs + 3_599_000), due(nowMs + 3_600_000)]).toEqual([undefined, undefined, 'schedule']);
  });

  test('counts from when the store had it, where that was before', () => {
    const state = known();
    state.remember({ lastRevision: 10n, startedAtMs: nowMs + 10 * dayMs }, nowMs - dayMs);
    expect(fullDue({ newest: state.newestAt(nowMs), lostUpTo: 0n }, hourly, nowMs)).toBe('schedule');
  });
});
