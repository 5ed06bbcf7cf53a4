import { describe, expect, it } from 'vitest';
import { knownBackups } from '../../../src/ui/frame/known-backups.ts';
import { type LiveParts, noParts, withEvent } from '../../../src/ui/live/parts.ts';
import { healthyParts } from '../support/fixture-cluster.ts';

const now = Date.parse('2026-01-01T12:00:00Z');

describe('what the page knows of backups', () => {
  it('is from the history and the journal, where the agent does not back up itself', () => {
    const parts = Object.entries(healthyParts(now))
      .map(([event, part]) => ({ event, data: JSON.stringify(part) }))
      .reduce<LiveParts>(withEvent, noParts);
    const { lagSeconds, provenAtMs } = knownBackups(parts);
    expect(lagSeconds).toBeGreaterThan(0.3);
    expect(provenAtMs).toBe(now - 5 * 3_600_000);
  });

  it('is nothing where nobody says anything', () => {
    expect(knownBackups(noParts)).toEqual({});
  });
});
