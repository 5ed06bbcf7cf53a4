import { expect, it } from 'vitest';
import { longestIntervalSeconds } from '../../src/decide/schedule-interval.ts';

const hour = 3600;
const day = 24 * hour;
const now = Date.UTC(2026, 6, 14, 10, 30);

it.each([
  ['every minute', '* * * * *', 60],
  ['every six hours', '17 */6 * * *', 6 * hour],
  ['twice a day, unevenly', '0 3,9 * * *', 18 * hour],
  ['on working days: over the weekend', '0 2 * * 1-5', 3 * day],
  ['once a month: what was looked at', '0 2 1 * *', 32 * day],
  ['once a year: what was looked at', '0 2 1 1 *', 32 * day],
])('the longest time between two starts, %s', (_, crontab, seconds) => {
  expect(longestIntervalSeconds({ crontab, timezone: 'UTC' }, now)).toBe(seconds);
});

it('a day that is an hour longer counts as it was', () => {
  const inNovember = Date.UTC(2026, 10, 10);
  expect(longestIntervalSeconds({ crontab: '0 12 * * *', timezone: 'Europe/Berlin' }, inNovember)).toBe(25 * hour);
});
