import { describe, expect, it } from 'vitest';
import { knownBackups } from '../../../src/ui/frame/known-backups.ts';
import { type LiveParts, noParts, withEvent } from '../../../src/ui/live/parts.ts';
import { healthyParts } from '../support/fixture-cluster.ts';

const now = Date.parse('2026-01-01T12:00:00Z');

describe('what the page knows of backups', () => {
  const parts = Object.entries(healthyParts(now))
    .map(([event, part]) => ({ event, data: JSON.stringify(part) }))
    .reduce<LiveParts>(withEvent, noParts);

  it('is what the agent says that backs up', () => {
    expect(knownBackups(parts)).toEqual({ lagSeconds: 0.6, provenAtMs: now - 5 * 3_600_000 });
  });

  it('is from the history and the journal, where that one cannot be asked', () => {
    const fault = { fault: { code: 'X', message: 'gone' } };
    const { lagSeconds, provenAtMs } = knownBackups({ ...parts, backups: fault });
    expect(lagSeconds).toBeGreaterThan(0.3);
    expect(provenAtMs).toBe(now - 5 * 3_600_000);
  });

  it('is not what an agent said before it fell silent', () => {
    const fault = { fault: { code: 'X', message: 'gone' } };
    const histories = parts.histories.map((history) =>
      history.series.backupLagSeconds.some((lag) => lag !== null)
        ? { ...history, times: history.times.map((time) => time - 600) }
        : history,
    );
    expect(knownBackups({ ...parts, backups: fault, histories }).lagSeconds).toBeUndefined();
  });

  it('is nothing where nobody says anything', () => {
    expect(knownBackups(noParts)).toEqual({});
  });
});
