import { describe, expect, it } from 'vitest';
import {
  agoText,
  clockText,
  fromInputTime,
  fullTimeText,
  momentText,
  toInputTime,
} from '../../../src/ui/words/time-words.ts';

const now = Date.parse('2026-01-02T12:00:03.400Z');

describe('times in words', () => {
  it('are in UTC, and name the day where it is another one', () => {
    expect(clockText(now)).toBe('12:00:03');
    expect(momentText(now - 3_600_000, now)).toBe('11:00:03');
    expect(momentText(now - 86_400_000, now)).toBe('1 Jan 12:00');
    expect(fullTimeText(now)).toBe('2026-01-02 12:00:03 UTC');
  });

  it('are never ahead: the clocks of two machines differ', () => {
    expect(agoText(now - 75_000, now)).toBe('1 min 15 s ago');
    expect(agoText(now + 5000, now)).toBe('0 s ago');
  });

  it('do not break the page where no calendar has them', () => {
    expect([clockText(Number.NaN), fullTimeText(9e15), momentText(Number.POSITIVE_INFINITY, now)]).toEqual([
      '?',
      '?',
      '?',
    ]);
  });

  it('come back from an input as they went in', () => {
    expect(toInputTime(now)).toBe('2026-01-02T12:00:03');
    expect(fromInputTime('2026-01-02T12:00:03')).toBe(now - 400);
    expect(fromInputTime('soon')).toBeUndefined();
  });
});
