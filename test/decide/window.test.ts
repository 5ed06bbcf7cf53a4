import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MaintenanceWindow } from '../../src/decide/settings.ts';
import { isOpen, windowsNow, windowsText } from '../../src/decide/window.ts';
import { HOUR_MS, MINUTE_MS, nightly, noon } from './states.ts';

const window = (start: string, durationMs: number, timezone = 'UTC'): MaintenanceWindow => ({
  start,
  durationMs,
  timezone,
  text: start,
});

describe('a maintenance window', () => {
  it.each<[string, MaintenanceWindow, string, boolean]>([
    ['is shut before it starts', nightly, '2026-07-15T01:59:59.999Z', false],
    ['is open from its start on', nightly, '2026-07-15T02:00:00.000Z', true],
    ['is open until right before its end', nightly, '2026-07-15T03:59:59.999Z', true],
    ['is shut at its end', nightly, '2026-07-15T04:00:00.000Z', false],
    ['reaches over midnight', window('0 23 * * *', 3 * HOUR_MS), '2026-07-15T01:59:00Z', true],
    ['reaches over the end of a month', window('0 23 31 * *', 3 * HOUR_MS), '2026-08-01T01:00:00Z', true],
    ['of a Saturday is shut on Friday', window('0 2 * * 6', HOUR_MS), '2026-07-17T02:30:00Z', false],
    ['of a Saturday is open on Saturday', window('0 2 * * 6', HOUR_MS), '2026-07-18T02:30:00Z', true],
    [
      'of a Saturday that is a day long reaches into Sunday',
      window('0 12 * * 6', 24 * HOUR_MS),
      '2026-07-19T11:59:00Z',
      true,
    ],
    ['opens after the gap of spring', window('30 2 * * *', HOUR_MS, 'Europe/Berlin'), '2026-03-29T01:00:00Z', true],
    ['is shut before the gap of spring', window('30 2 * * *', HOUR_MS, 'Europe/Berlin'), '2026-03-29T00:59:59Z', false],
    ['is as long as ever after the gap', window('30 2 * * *', HOUR_MS, 'Europe/Berlin'), '2026-03-29T01:59:59Z', true],
    ['ends as ever after the gap', window('30 2 * * *', HOUR_MS, 'Europe/Berlin'), '2026-03-29T02:00:00Z', false],
    [
      'opens at the first of two equal times of autumn',
      window('30 2 * * *', 30 * MINUTE_MS, 'Europe/Berlin'),
      '2026-10-25T00:45:00Z',
      true,
    ],
    [
      'does not open again at the second',
      window('30 2 * * *', 30 * MINUTE_MS, 'Europe/Berlin'),
      '2026-10-25T01:45:00Z',
      false,
    ],
    ['that is longer than its period is always open', window('0 * * * *', 2 * HOUR_MS), '2026-07-15T12:34:56Z', true],
  ])('%s', (_name, one, at, open) => {
    expect(isOpen({ ...one }, Date.parse(at))).toBe(open);
  });

  it('answers the same whatever was asked before, also when the clock jumps', () => {
    const spanMs = 3 * 24 * HOUR_MS;
    const beginMs = Date.parse('2026-03-28T00:00Z');
    fc.assert(
      fc.property(
        fc.constantFrom('30 2 * * *', '0 */6 * * *', '15 1,14 * * 0'),
        fc.constantFrom('UTC', 'Europe/Berlin'),
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.integer({ min: 0, max: spanMs }), { minLength: 1, maxLength: 6 }),
        (start, timezone, minutes, offsets) => {
          const asked = window(start, minutes * MINUTE_MS, timezone);
          return offsets.every((offset) => {
            const nowMs = beginMs + offset;
            return isOpen(asked, nowMs) === isOpen({ ...asked }, nowMs);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is told with the others: none, one open, all shut', () => {
    const at = Date.parse('2026-07-15T12:00Z');
    expect([windowsNow([], at), windowsNow([nightly, noon], at), windowsNow([nightly], at)]).toEqual([
      'none',
      'open',
      'shut',
    ]);
    expect(windowsText([nightly, noon])).toBe('"0 2 * * * for 2h" and "0 11 * * * for 2h"');
  });
});
