import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crontabProblem } from '../../src/config/crontab.ts';

describe('a crontab time', () => {
  it.each([
    '* * * * *',
    '0 2 * * *',
    '30 1 * * 6',
    '*/15 0-6/2 1,15 jan-mar,DEC mon-fri',
    '59 23 31 12 7',
    '0 0 29 2 *',
    '0 0 30,31 feb,mar *',
  ])('%s is accepted', (text) => {
    expect(crontabProblem(text)).toBeUndefined();
  });

  it.each([
    ['', 'its time has 0 fields, not 5 (minute, hour, day, month, day of the week)'],
    ['0 2 * *', 'its time has 4 fields, not 5 (minute, hour, day, month, day of the week)'],
    ['0 0 2 * * *', 'its time has 6 fields, not 5 (minute, hour, day, month, day of the week)'],
    ['@daily', 'its time has 1 fields, not 5 (minute, hour, day, month, day of the week)'],
    ['60 2 * * *', 'its minute 60 is not from 0 to 59'],
    ['0 24 * * *', 'its hour 24 is not from 0 to 23'],
    ['0 2 0 * *', 'its day of the month 0 is not from 1 to 31'],
    ['0 2 * 13 *', 'its month 13 is not from 1 to 12'],
    ['0 2 * * 8', 'its day of the week 8 is not from 0 to 7'],
    ['0 2 * * someday', 'its day of the week "someday" is not a number or a name'],
    ['0 x * * *', 'its hour "x" is not a number'],
    ['0 5-2 * * *', 'its hour "5-2" ends before it begins'],
    ['*/0 * * * *', 'its minute "*/0" has a step of 0'],
    ['5/10 * * * *', 'its minute "5/10" has a step without a range'],
    ['0 2 L * *', 'its day of the month "L" is not a number'],
    ['0,, * * * *', 'its minute "" is not a number, a range, a step or *'],
    ['0 2 31 4,6,9,11 *', 'no such month has a day 31'],
    ['0 2 30 2 *', 'no such month has a day 30'],
  ])('%j is refused: %s', (text, problem) => {
    expect(crontabProblem(text)).toBe(problem);
  });

  it('is answered for, whatever stands there', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9*,/a-z -]{0,30}$/), (text) => {
        expect(['string', 'undefined']).toContain(typeof crontabProblem(text));
      }),
    );
  });
});
