import { describe, expect, it } from 'vitest';
import { parseMaintenanceWindow } from '../../src/config/maintenance-window.ts';

const hourMs = 3_600_000;

describe('a maintenance window', () => {
  it.each([
    ['0 2 * * * for 2h', '0 2 * * *', 2 * hourMs, 'UTC'],
    ['30 1 * * 6 for 4h in Europe/Berlin', '30 1 * * 6', 4 * hourMs, 'Europe/Berlin'],
    ['  0  22 * * mon-fri   for 1h30m  in  UTC ', '0 22 * * mon-fri', 1.5 * hourMs, 'UTC'],
  ])('%j is read', (text, start, durationMs, timezone) => {
    expect(parseMaintenanceWindow(text)).toEqual({ value: { start, durationMs, timezone, text: text.trim() } });
  });

  it.each([
    ['0 2 * * *', 'it does not say for how long ("0 2 * * * for 2h")'],
    ['0 2 * * * for', 'it does not say for how long ("0 2 * * * for 2h")'],
    ['', 'it does not say for how long ("0 2 * * * for 2h")'],
    ['0 25 * * * for 2h', 'its hour 25 is not from 0 to 23'],
    ['0 2 * * * for 2', 'its duration "2" is none: it has no unit'],
    ['0 2 * * * for 2hours', 'its duration "2hours" is none: "hours" is not a unit of time'],
    ['0 2 * * * for 30s', 'its duration 30s is not from 1m to 7d'],
    ['0 2 * * * for 8d', 'its duration 8d is not from 1m to 7d'],
    ['0 2 * * * for 2h in Berlin', '"Berlin" is not a time zone that this machine knows'],
    ['0 2 * * * for 2h in +02:00', '"+02:00" is not a time zone that this machine knows'],
  ])('%j is refused: %s', (text, problem) => {
    expect(parseMaintenanceWindow(text)).toEqual({ problem });
  });
});
