import { getTasks } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { cronSchedule } from '../../src/decide/schedule.ts';

/** All starts in a span, oldest first. */
function starts(expression: string, timezone: string, fromText: string, untilText: string): readonly string[] {
  const schedule = cronSchedule(expression, timezone);
  const found: string[] = [];
  const fromMs = Date.parse(fromText);
  let untilMs = Date.parse(untilText);
  for (;;) {
    const start = schedule.lastStart(fromMs, untilMs);
    if (start === undefined) return found.reverse();
    found.push(new Date(start).toISOString().replace(':00.000Z', 'Z'));
    untilMs = start - 1;
  }
}

const berlin = 'Europe/Berlin';

describe('when a crontab expression comes due', () => {
  it.each<[string, string, string, string, string, readonly string[]]>([
    [
      'in UTC',
      '0 2 * * *',
      'UTC',
      '2026-07-14T00:00Z',
      '2026-07-16T00:00Z',
      ['2026-07-14T02:00Z', '2026-07-15T02:00Z'],
    ],
    ['in summer time', '0 2 * * *', berlin, '2026-07-14T00:00Z', '2026-07-15T12:00Z', ['2026-07-15T00:00Z']],
    ['in winter time', '0 2 * * *', berlin, '2026-01-14T00:00Z', '2026-01-15T00:00Z', ['2026-01-14T01:00Z']],
    [
      'on Saturdays',
      '0 2 * * 6',
      'UTC',
      '2026-07-13T00:00Z',
      '2026-07-27T00:00Z',
      ['2026-07-18T02:00Z', '2026-07-25T02:00Z'],
    ],
    ['on Sundays, written 0 or 7', '0 2 * * 7', 'UTC', '2026-07-13T00:00Z', '2026-07-20T00:00Z', ['2026-07-19T02:00Z']],
    ['by names', '30 4 * jul sat', 'UTC', '2026-07-13T00:00Z', '2026-07-20T00:00Z', ['2026-07-18T04:30Z']],
    [
      'on the 31st, which not every month has',
      '0 0 31 * *',
      'UTC',
      '2026-03-31T12:00Z',
      '2026-06-30T00:00Z',
      ['2026-05-31T00:00Z'],
    ],
    [
      'across the end of the year',
      '59 23 31 12 *',
      'UTC',
      '2025-12-31T00:00Z',
      '2026-01-02T00:00Z',
      ['2025-12-31T23:59Z'],
    ],
    [
      'on a leap day only in a leap year',
      '0 0 29 2 *',
      'UTC',
      '2028-02-28T00:00Z',
      '2028-03-02T00:00Z',
      ['2028-02-29T00:00Z'],
    ],
    [
      'in a time zone that is half an hour off',
      '0 2 * * *',
      'Asia/Kolkata',
      '2026-07-14T00:00Z',
      '2026-07-15T00:00Z',
      ['2026-07-14T20:30Z'],
    ],
    [
      'at steps and in lists',
      '*/30 2,3 * * *',
      'UTC',
      '2026-07-14T00:00Z',
      '2026-07-14T12:00Z',
      ['2026-07-14T02:00Z', '2026-07-14T02:30Z', '2026-07-14T03:00Z', '2026-07-14T03:30Z'],
    ],
    // 29 March 2026: 02:00 becomes 03:00, at 01:00 UTC.
    [
      'in the first minute after the gap for a time that spring skips',
      '30 2 * * *',
      berlin,
      '2026-03-28T12:00Z',
      '2026-03-29T12:00Z',
      ['2026-03-29T01:00Z'],
    ],
    [
      'once for several times that spring skips',
      '15,45 2 * * *',
      berlin,
      '2026-03-28T12:00Z',
      '2026-03-29T12:00Z',
      ['2026-03-29T01:00Z'],
    ],
    [
      'as always right before the gap',
      '59 1 * * *',
      berlin,
      '2026-03-28T12:00Z',
      '2026-03-29T12:00Z',
      ['2026-03-29T00:59Z'],
    ],
    [
      'as always right after the gap',
      '0 3 * * *',
      berlin,
      '2026-03-28T12:00Z',
      '2026-03-29T12:00Z',
      ['2026-03-29T01:00Z'],
    ],
    [
      'not on the spring day where that is no day of it',
      '30 2 * * 6',
      berlin,
      '2026-03-28T12:00Z',
      '2026-03-29T12:00Z',
      [],
    ],
    // 25 October 2026: 03:00 becomes 02:00, at 01:00 UTC.
    [
      'once for a time that autumn has twice',
      '30 2 * * *',
      berlin,
      '2026-10-24T12:00Z',
      '2026-10-25T12:00Z',
      ['2026-10-25T00:30Z'],
    ],
    [
      'as always right before autumn turns back',
      '59 1 * * *',
      berlin,
      '2026-10-24T12:00Z',
      '2026-10-25T12:00Z',
      ['2026-10-24T23:59Z'],
    ],
    [
      'as always right after autumn has turned back',
      '0 3 * * *',
      berlin,
      '2026-10-24T12:00Z',
      '2026-10-25T12:00Z',
      ['2026-10-25T02:00Z'],
    ],
    [
      'once where the clock turns back by half an hour',
      '45 1 * * *',
      'Australia/Lord_Howe',
      '2026-04-04T03:00Z',
      '2026-04-05T03:00Z',
      ['2026-04-04T14:45Z'],
    ],
    [
      'every hour of the autumn day where the hour is *',
      '0 * * * *',
      berlin,
      '2026-10-24T23:30Z',
      '2026-10-25T02:30Z',
      ['2026-10-25T00:00Z', '2026-10-25T01:00Z', '2026-10-25T02:00Z'],
    ],
    [
      'every hour of the spring day where the hour is *',
      '0 * * * *',
      berlin,
      '2026-03-28T23:30Z',
      '2026-03-29T02:30Z',
      ['2026-03-29T00:00Z', '2026-03-29T01:00Z', '2026-03-29T02:00Z'],
    ],
  ])('%s (%s)', (_name, expression, timezone, from, until, expected) => {
    expect(starts(expression, timezone, from, until)).toEqual(expected);
  });

  it('at the very minute, and not at the excluded beginning of the span', () => {
    const schedule = cronSchedule('0 2 * * *', 'UTC');
    const two = Date.parse('2026-07-15T02:00Z');
    expect(schedule.lastStart(two - 1, two)).toBe(two);
    expect(schedule.lastStart(two - 1, two + 59_999)).toBe(two);
    expect(schedule.lastStart(two, two + 59_999)).toBeUndefined();
    expect(schedule.lastStart(two - 1, two - 1)).toBeUndefined();
  });

  it('leaves no task behind in node-cron', () => {
    const before = getTasks().size;
    cronSchedule('0 2 * * *', 'UTC');
    expect(getTasks().size).toBe(before);
  });

  it.each([
    ['no expression', 'every night', 'UTC'],
    ['a minute that there is not', '60 2 * * *', 'UTC'],
    ['no time zone', '0 2 * * *', 'Europe/Bielefeld'],
  ])('throws for %s', (_name, expression, timezone) => {
    expect(() => cronSchedule(expression, timezone)).toThrow();
  });
});
