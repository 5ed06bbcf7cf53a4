import { describe, expect, it } from 'vitest';
import { alignedSeries } from '../../../src/ui/hour/align.ts';
import { tickText } from '../../../src/ui/hour/value-words.ts';
import type { MemberHistory } from '../../../src/ui/live/member-history.ts';

function history(member: string, samples: readonly (readonly [number, number | null])[]): MemberHistory {
  const values = samples.map(([, value]) => value);
  const none = samples.map(() => null);
  return {
    member,
    stepSeconds: 60,
    times: samples.map(([time]) => time),
    rttSeconds: {},
    series: {
      walFsyncP99Seconds: values,
      backendCommitP99Seconds: none,
      quotaUsedRatio: none,
      dbSizeBytes: none,
      writesPerSecond: none,
      backupLagSeconds: none,
    },
  };
}

describe('the lines of a chart', () => {
  const histories = [
    history('m1', [
      [3600, 9],
      [7200 - 300, 1],
      [7200 - 120, 2],
      [7200 - 60, null],
      [7200, 3],
    ]),
    history('m2', [
      [7200 - 302, 4],
      [7200 - 2, 5],
    ]),
  ];

  it('are on one axis of an hour that ends with the newest sample', () => {
    const [times, ...lines] = alignedSeries(histories, ['m1', 'm2', 'm3'], 'walFsyncP99Seconds');
    expect([times.length, times[0], times.at(-1)]).toEqual([61, 3600, 7200]);
    expect(lines.map((line) => line.length)).toEqual([61, 61, 61]);
  });

  it('are on an axis of ten minutes where not more is known yet', () => {
    const [times] = alignedSeries([history('m1', [[7200, 1]])], ['m1'], 'walFsyncP99Seconds');
    expect([times.length, times[0], times.at(-1)]).toEqual([11, 6600, 7200]);
  });

  it('go on over a round that came late, and have a gap where nothing was known or nothing came', () => {
    const [, m1, m2, m3] = alignedSeries(histories, ['m1', 'm2', 'm3'], 'walFsyncP99Seconds');
    expect(m1?.slice(-7)).toEqual([null, 1, undefined, undefined, 2, null, 3]);
    expect(m2?.slice(-7)).toEqual([null, 4, null, null, null, null, 5]);
    expect(new Set(m3)).toEqual(new Set([null]));
  });
});

describe('a tick of an axis', () => {
  it.each([
    ['5.00 ms', '5 ms'],
    ['12.5 ms', '12.5 ms'],
    ['100 %', '100 %'],
    ['1.50 GiB', '1.5 GiB'],
    ['200 /s', '200 /s'],
    ['0 B', '0 B'],
  ])('says %s as %s', (text, short) => {
    expect(tickText(text)).toBe(short);
  });
});
