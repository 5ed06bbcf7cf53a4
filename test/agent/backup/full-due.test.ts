import { describe, expect, it } from 'vitest';
import { FullGap, type FullNeed, type FullReason, fullDue } from '../../../src/agent/backup/full-due.ts';
import { cronSchedule } from '../../../src/decide/schedule.ts';

const at = (time: string): number => Date.parse(`2026-03-04T${time}:00Z`);
const schedule = cronSchedule('17 */6 * * *', 'UTC');
const newest = { revision: 100n, startedAtMs: at('06:17'), authRevision: 4n };

describe('a full snapshot is due', () => {
  it.each<[string, FullNeed, string, FullReason | undefined]>([
    ['where a store has none', { newest: undefined, lostUpTo: 0n }, '07:00', 'first'],
    ['never by itself between two times', { newest, lostUpTo: 0n }, '12:16', undefined],
    ['at its time', { newest, lostUpTo: 0n }, '12:17', 'schedule'],
    ['when its time was missed', { newest, lostUpTo: 0n }, '17:00', 'schedule'],
    ['when revisions after it are lost', { newest, lostUpTo: 101n }, '07:00', 'chain-broken'],
    ['not for what was lost before it', { newest, lostUpTo: 100n }, '07:00', undefined],
    ['when users were changed after it', { newest, lostUpTo: 0n, authRevision: 5n }, '07:00', 'auth-changed'],
    ['not for users that it knows', { newest, lostUpTo: 0n, authRevision: 4n }, '07:00', undefined],
    ['not where the clock was set back', { newest, lostUpTo: 0n }, '03:00', undefined],
  ])('%s', (_, need, time, reason) => {
    expect(fullDue(need, schedule, at(time))).toBe(reason);
  });
});

describe('full snapshots keep apart', () => {
  it('more and more, when chains break again and again or they fail, until the schedule takes one', () => {
    const gap = new FullGap();
    expect(gap.mayTake(0)).toBe(true);
    gap.tried('chain-broken', true, 0);
    expect([gap.mayTake(14_999), gap.mayTake(15_000)]).toEqual([false, true]);
    gap.tried('first', false, 15_000);
    expect([gap.mayTake(44_999), gap.mayTake(45_000)]).toEqual([false, true]);
    for (let i = 0; i < 20; i += 1) gap.tried('chain-broken', true, 50_000);
    expect([gap.mayTake(50_000 + 1_799_999), gap.mayTake(50_000 + 1_800_000)]).toEqual([false, true]);
    gap.tried('schedule', true, 60_000);
    expect(gap.mayTake(60_000)).toBe(true);
  });
});
