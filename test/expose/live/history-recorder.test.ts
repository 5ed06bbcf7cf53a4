import { describe, expect, it } from 'vitest';
import { HISTORY_SAMPLES, HistoryRecorder } from '../../../src/expose/live/history-recorder.ts';
import { fullObservation } from '../support/full-observation.ts';
import { roundAt } from './rounds.ts';

const wal = (walFsyncP99Seconds: number) => ({ wal: { walFsyncP99Seconds, backendCommitP99Seconds: 0.01 } });

const member = fullObservation.sections.member?.value;
const cluster = fullObservation.sections.cluster?.value;
if (member === undefined || cluster === undefined) throw new Error('the fixture has both');

const atRevision = (revision: bigint) => ({
  member: { status: { ...member.status, revision } },
  cluster: { members: [] },
});

describe('the last hour of a member', () => {
  it('has a sample each 5 s at the most, with the worst latency since the one before', () => {
    const recorder = new HistoryRecorder();
    for (const [seconds, latency] of [
      [0, 0.001],
      [2, 0.9],
      [4, 0.002],
      [6, 0.003],
      [8, 0.004],
      [10, 0.005],
      [12, 0.006],
    ] as const) {
      recorder.take(roundAt(seconds, wal(latency)), latency * 10);
    }
    const { times, series, stepSeconds } = recorder.reply('m1');
    const fromFirst = times.map((time) => time - (times[0] ?? 0));
    expect({ fromFirst, stepSeconds }).toEqual({ fromFirst: [0, 6, 12], stepSeconds: 5 });
    expect(series.walFsyncP99Seconds).toEqual([0.001, 0.9, 0.006]);
    expect(series.backupLagSeconds).toEqual([0.01, 9, 0.06]);
    expect(series.quotaUsedRatio).toEqual([0.8, 0.8, 0.8]);
    expect(Object.keys(recorder.reply('m1').rttSeconds)).toEqual(['m2']);
  });

  it('takes a round that comes a moment early as if it had come in time', () => {
    const recorder = new HistoryRecorder();
    for (const seconds of [0, 4.9, 10, 14.8, 20]) recorder.take(roundAt(seconds), undefined);
    const { times } = recorder.reply('m1');
    expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 5, 10, 15, 20]);
  });

  it('counts only ended rounds: within one, the readings of the former one still stand', () => {
    const recorder = new HistoryRecorder();
    recorder.take(roundAt(0, wal(0.5)), undefined);
    recorder.take({ ...roundAt(5, wal(0.5)), rounds: roundAt(0).rounds }, undefined);
    recorder.take(roundAt(5, wal(0.001)), undefined);
    expect(recorder.reply('m1').series.walFsyncP99Seconds).toEqual([0.5, 0.001]);
  });

  it('knows the writes by the growth of the revision, also over a round that did not know it', () => {
    const recorder = new HistoryRecorder();
    recorder.take(roundAt(0, atRevision(1000n)), undefined);
    recorder.take(roundAt(5, atRevision(1500n)), undefined);
    const blind = roundAt(10);
    const { member: _, cluster: __, ...sections } = blind.sections;
    recorder.take({ ...blind, sections }, undefined);
    recorder.take(roundAt(15, atRevision(1700n)), undefined);
    // The cluster was taken back.
    recorder.take(roundAt(20, atRevision(100n)), undefined);
    recorder.take(roundAt(25, atRevision(150n)), undefined);
    expect(recorder.reply('m1').series.writesPerSecond).toEqual([null, 100, null, 20, null, 10]);
  });

  it.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('has ascending times, by the clock as it is now, when that is set %s by an hour', (_, jumpMs) => {
    const recorder = new HistoryRecorder();
    const taken = [0, 5, 10].map((seconds) => recorder.take(roundAt(seconds), undefined));
    expect(taken.map((each) => each?.clockWasSet)).toEqual([false, false, false]);
    expect(recorder.take(roundAt(15, {}, jumpMs), undefined)?.clockWasSet).toBe(true);
    expect(recorder.take(roundAt(20, {}, jumpMs), undefined)?.clockWasSet).toBe(false);
    const { times } = recorder.reply('m1');
    const nowSeconds = (fullObservation.observedAtMs + jumpMs) / 1000 + 20;
    expect(times).toEqual([-20, -15, -10, -5, 0].map((ago) => nowSeconds + ago));
    expect(recorder.newest?.time).toBe(times.at(-1));
  });

  it('keeps an hour and not more, also where rounds are far apart', () => {
    const recorder = new HistoryRecorder();
    for (let seconds = 0; seconds <= 4000; seconds += 5) recorder.take(roundAt(seconds), undefined);
    expect(recorder.reply('m1').times).toHaveLength(HISTORY_SAMPLES);
    recorder.take(roundAt(7000), undefined);
    const { times, series } = recorder.reply('m1');
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThanOrEqual(3600);
    expect(series.dbSizeBytes).toHaveLength(times.length);
  });

  it('has null where nothing is known, and no number that JSON has not', () => {
    const recorder = new HistoryRecorder();
    const round = roundAt(0);
    recorder.take({ ...round, sections: {} }, Number.POSITIVE_INFINITY);
    expect(recorder.reply('m1')).toMatchObject({
      series: { walFsyncP99Seconds: [null], dbSizeBytes: [null], writesPerSecond: [null], backupLagSeconds: [null] },
      rttSeconds: {},
    });
  });
});
