import { describe, expect, it } from 'vitest';
import { newestOf, newestTimeOf } from '../../../src/ui/live/member-history.ts';
import { type LiveParts, noParts, withEvent } from '../../../src/ui/live/parts.ts';
import { waitMs } from '../../../src/ui/live/stream.ts';
import { healthyParts } from '../support/fixture-cluster.ts';

const now = Date.parse('2026-01-01T12:00:00Z');
const sent = Object.entries(healthyParts(now)).map(([event, part]) => ({ event, data: JSON.stringify(part) }));
const parts = sent.reduce<LiveParts>(withEvent, noParts);

function sample(time: number, walFsyncP99Seconds: number | null): { event: string; data: string } {
  const series = {
    walFsyncP99Seconds,
    backendCommitP99Seconds: null,
    quotaUsedRatio: null,
    dbSizeBytes: null,
    writesPerSecond: null,
    backupLagSeconds: null,
  };
  return { event: 'sample', data: JSON.stringify({ member: 'm1', time, series, rttSeconds: {} }) };
}

describe('the parts of the stream', () => {
  it('are those that the agent has sent, and a newer one takes the place of an older one', () => {
    expect(parts.status?.cluster.name).toBe('prod');
    expect(parts.histories.map(({ member, times }) => [member, times.length])).toEqual([
      ['m1', 721],
      ['m2', 721],
      ['m3', 721],
    ]);
    const after = withEvent(parts, { event: 'changes', data: '[]' });
    expect(after.changes).toEqual([]);
    expect(after.status).toBe(parts.status);
  });

  it('stay as they were while another agent is being asked', () => {
    const asking = {
      event: 'decisions',
      data: '{"fault":{"code":"NOT_ASKED_YET","message":"It is being asked for."}}',
    };
    expect(withEvent(parts, asking)).toBe(parts);
    const gone = { event: 'decisions', data: '{"fault":{"code":"NO_LEADER","message":"No agent leads."}}' };
    expect(withEvent(parts, gone).decisions).toEqual({ fault: { code: 'NO_LEADER', message: 'No agent leads.' } });
  });

  it('leave out what a newer agent may send', () => {
    expect(withEvent(parts, { event: 'weather', data: '{}' })).toBe(parts);
  });

  it('have a new sample at the end of the history of its member, and no more than an hour', () => {
    const at = now / 1000 + 5;
    const [m1, m2] = withEvent(parts, sample(at, 0.25)).histories;
    expect([m1?.times.length, m1?.times.at(-1), m1?.series.walFsyncP99Seconds.at(-1)]).toEqual([720, at, 0.25]);
    expect(m2).toBe(parts.histories[1]);
    expect(withEvent(parts, sample(at - 60, 1))).toMatchObject({ histories: parts.histories });
  });

  it('know the newest value only where it is not old', () => {
    const [m1] = withEvent(parts, sample(now / 1000 + 5, null)).histories;
    const [late] = withEvent(parts, sample(now / 1000 + 600, null)).histories;
    expect(m1 && newestOf(m1, 'walFsyncP99Seconds', newestTimeOf([m1]))).toBeGreaterThan(0);
    expect(late && newestOf(late, 'walFsyncP99Seconds', newestTimeOf([late]))).toBeUndefined();
  });
});

describe('the wait before a stream is opened anew', () => {
  it('grows with each failure up to ten seconds', () => {
    expect([0, 1, 2, 9].map((failures) => waitMs(failures, 1))).toEqual([500, 1000, 2000, 10_000]);
    expect(waitMs(9, 0)).toBe(5000);
  });
});
