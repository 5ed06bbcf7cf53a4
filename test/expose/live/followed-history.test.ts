import { describe, expect, it } from 'vitest';
import { withSample } from '../../../src/expose/live/followed-history.ts';
import { type HistoryReply, type HistorySample, seriesNames } from '../../../src/expose/live/words.ts';

const series = <T>(value: T) =>
  Object.fromEntries(seriesNames.map((name) => [name, value])) as Record<(typeof seriesNames)[number], T>;

const history: HistoryReply = {
  member: 'm1',
  stepSeconds: 5,
  times: [100, 105],
  series: series([1, null]),
  rttSeconds: { m2: [0.1, 0.2] },
};

const sampleAt = (time: number, rttSeconds: HistorySample['rttSeconds'] = { m2: 0.3 }): HistorySample => ({
  member: 'm1',
  time,
  series: series(2),
  rttSeconds,
});

describe('a history that is followed by its samples', () => {
  it('has a new sample at its end, with nothing known of a peer before or after', () => {
    expect(withSample(history, sampleAt(110, { m3: 0.5 }))).toEqual({
      ...history,
      times: [100, 105, 110],
      series: series([1, null, 2]),
      rttSeconds: { m2: [0.1, 0.2, null], m3: [null, null, 0.5] },
    });
  });

  it('is the same where it has the sample already', () => {
    expect(withSample(history, sampleAt(105))).toBe(history);
  });

  it('is to be had anew where samples were missed, or a clock was set back', () => {
    expect(withSample(history, sampleAt(145))).toBeUndefined();
    expect(withSample(history, sampleAt(50))).toBeUndefined();
  });

  it('goes back an hour and no further, and forgets a peer of which nothing is known any more', () => {
    let followed: HistoryReply = history;
    for (let time = 110; time <= 4000; time += 5) {
      followed = withSample(followed, sampleAt(time, { m3: 0.5 })) ?? history;
    }
    expect(followed.times).toHaveLength(720);
    expect(followed.times[0]).toBe(405);
    expect(Object.keys(followed.rttSeconds)).toEqual(['m3']);
    expect(followed.series.dbSizeBytes).toHaveLength(720);
  });
});
