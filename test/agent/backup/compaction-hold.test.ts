import { describe, expect, it } from 'vitest';
import { CompactionHold } from '../../../src/agent/backup/compaction-hold.ts';

const minuteMs = 60_000;

describe('compaction waits for backups', () => {
  it('up to what they have made durable, for as long as they get on', () => {
    const hold = new CompactionHold(10 * minuteMs);
    for (let minute = 0; minute < 60; minute += 5) {
      const revision = BigInt(minute);
      expect(hold.limit({ revision, liveRevision: 1000n }, minute * minuteMs)).toBe(revision);
    }
    expect(hold.letGo).toBe(false);
  });

  it('altogether while it is not known what the stores have', () => {
    const hold = new CompactionHold(10 * minuteMs);
    expect(hold.limit({ revision: undefined, liveRevision: 5n }, 0)).toBe(0n);
  });

  it('no longer than its limit when they do not get on, and again from when they do', () => {
    const hold = new CompactionHold(10 * minuteMs);
    const stuck = { revision: 7n, liveRevision: 9n };
    expect([hold.limit(stuck, 0), hold.limit(stuck, 10 * minuteMs)]).toEqual([7n, 7n]);
    expect([hold.limit(stuck, 10 * minuteMs + 1), hold.letGo]).toEqual([undefined, true]);
    expect([hold.limit({ revision: 8n, liveRevision: 9n }, 11 * minuteMs), hold.letGo]).toEqual([8n, false]);
  });

  it('without end where nothing is written that is not durable', () => {
    const hold = new CompactionHold(10 * minuteMs);
    const complete = { revision: 9n, liveRevision: 9n };
    expect([hold.limit(complete, 0), hold.limit(complete, 600 * minuteMs)]).toEqual([9n, 9n]);
  });
});
