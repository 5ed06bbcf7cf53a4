import { describe, expect, it } from 'vitest';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { defragPolicy } from '../../src/decide/defrag.ts';
import type { Asked } from '../../src/decide/policy.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { entry, GiB, HOUR_MS, MiB, member, NOW_MS, nightly, noon, observed, settings, short, state } from './states.ts';

/** 300 of 500 MiB are free pages, unless told otherwise. */
function full(n: number, more: Partial<MemberState> = {}): MemberState {
  return member(n, { dbSizeBytes: 500 * MiB, dbSizeInUseBytes: 200 * MiB, ...more });
}

/** Three such members, the third as told. */
const three = (third: Partial<MemberState> = {}, more: Partial<ClusterState> = {}): ClusterState =>
  state([full(1), full(2), full(3, third)], more);

const defragging = (more: Partial<DecideSettings['defrag']>, rest: Partial<DecideSettings> = {}): DecideSettings => ({
  ...settings,
  ...rest,
  defrag: { ...settings.defrag, ...more },
});

const slowDisk = defragging({ maxPauseMs: 4000 });
const alice: Asked = { by: 'alice' };
const defragged = (agoMs: number) =>
  ['1', '2', '3'].map((memberId) =>
    entry('defrag', {
      targets: [memberId],
      endedAtMs: NOW_MS - agoMs,
      steps: [{ name: 'defragment', memberId, atMs: NOW_MS - agoMs }],
    }),
  );

describe('what makes a defragmentation worth it', () => {
  it.each<[string, Partial<MemberState>, string]>([
    [
      'free pages over both thresholds',
      { dbSizeBytes: 500 * MiB, dbSizeInUseBytes: 200 * MiB },
      'act SPACE_RECLAIMABLE',
    ],
    ['exactly the bytes', { dbSizeBytes: 200 * MiB, dbSizeInUseBytes: 100 * MiB }, 'act SPACE_RECLAIMABLE'],
    ['one byte less is not', { dbSizeBytes: 200 * MiB, dbSizeInUseBytes: 100 * MiB + 1 }, 'hold NOTHING_TO_RECLAIM'],
    ['exactly the ratio', { dbSizeBytes: 500 * MiB, dbSizeInUseBytes: 300 * MiB }, 'act SPACE_RECLAIMABLE'],
    ['less than the ratio is not', { dbSizeBytes: 500 * MiB, dbSizeInUseBytes: 301 * MiB }, 'hold NOTHING_TO_RECLAIM'],
    [
      'half of both, close to the quota',
      { dbSizeBytes: 500 * MiB, dbSizeInUseBytes: 400 * MiB, quotaBytes: 625 * MiB },
      'act SPACE_RECLAIMABLE',
    ],
    [
      'half of both is not, further from the quota',
      { dbSizeBytes: 500 * MiB, dbSizeInUseBytes: 400 * MiB, quotaBytes: 626 * MiB },
      'hold NOTHING_TO_RECLAIM',
    ],
    [
      'half of both is not, without a quota',
      { dbSizeBytes: 500 * MiB, dbSizeInUseBytes: 400 * MiB, quotaBytes: Number.POSITIVE_INFINITY },
      'hold NOTHING_TO_RECLAIM',
    ],
  ])('%s', (_name, sizes, expected) => {
    expect(short(defragPolicy(state([member(1), member(2), member(3, sizes)]), settings))).toBe(expected);
  });

  it('sweeps all members that are worth it, most first, and the raft leader last', () => {
    const given = state([full(1, { dbSizeBytes: 900 * MiB }), full(2), full(3, { dbSizeBytes: 600 * MiB }), member(4)]);
    const { action } = defragPolicy(given, settings);
    expect(action?.targets).toEqual(['3', '2', '1']);
    expect(action?.parameters).toMatchObject({
      inUseBytes: { 1: 200 * MiB, 2: 200 * MiB, 3: 200 * MiB },
      predictedPauseMs: { 1: 4195, 2: 4195, 3: 4195 },
      precautions: [],
    });
  });

  it('does not look at the health of a cluster in which nothing is to be done', () => {
    const given = state([member(1), member(2), member(3, { reachable: false })]);
    expect(short(defragPolicy(given, settings))).toBe('hold NOTHING_TO_RECLAIM');
  });

  it('says with numbers what it is about', () => {
    expect(defragPolicy(three(), settings).reasons[0]?.message).toBe(
      'm2 can give back 300 MiB (60.0 %), and will stand still for about 4.19 s (200 MiB at 47.7 MiB/s assumed)',
    );
    expect(defragPolicy(state(), settings).reasons[0]?.message).toBe(
      'the most is 5.00 MiB (5.00 %) on m1, and 100 MiB and 40.0 % are worth it',
    );
  });
});

describe('a defragmentation waits until everybody else is well', () => {
  it.each<[string, ClusterState, string]>([
    ['a voter that does not answer', three({ reachable: false, healthy: false }), 'hold VOTER_UNREACHABLE'],
    ['a voter that is not healthy', three({ healthy: false }), 'hold VOTER_UNHEALTHY'],
    ['a lag of 1,000 entries is none', three({ lagEntries: 1000n }), 'act SPACE_RECLAIMABLE'],
    ['a lag of 1,001 entries', three({ lagEntries: 1001n }), 'hold MEMBER_LAGS'],
    ['a lag that is not known', three(without('lagEntries')), 'hold LAG_UNKNOWN'],
    ['a learner', state([full(1), full(2), full(3), full(4, { isLearner: true })]), 'hold LEARNER_PRESENT'],
    ['CORRUPT', three({}, { alarms: [{ memberId: '1', member: 'm1', alarm: 'CORRUPT' }] }), 'hold CORRUPT_ALARM'],
    [
      'NOSPACE, which is not its own',
      three({}, { alarms: [{ memberId: '1', member: 'm1', alarm: 'NOSPACE' }] }),
      'hold NOSPACE_ALARM',
    ],
    ['alarms that are not known', three({}, { alarmsUnknown: true }), 'hold ALARMS_UNKNOWN'],
    ['a list that no quorum gave', three({}, { linearizable: false }), 'hold NOT_LINEARIZABLE'],
    [
      'a member that is being defragmented',
      three({ observed: observed({ defragInflight: true }) }),
      'hold DEFRAG_UNDER_WAY',
    ],
    [
      'a version that does not say whether it is',
      three({ observed: omit(observed(), 'defragInflight') }),
      'act SPACE_RECLAIMABLE',
    ],
    ['an election less than 30 s ago', three({}, { termStableSeconds: 29.9 }), 'hold TERM_UNSTABLE'],
    ['an election 30 s ago is over', three({}, { termStableSeconds: 30 }), 'act SPACE_RECLAIMABLE'],
    ['a member list that changed', three({}, { membersStableSeconds: 29.9 }), 'hold MEMBERS_UNSTABLE'],
    [
      'a disk with exactly 1.2 times the size in use',
      three({ observed: observed({ dataAvailableBytes: 240 * MiB }) }),
      'act SPACE_RECLAIMABLE',
    ],
    ['a disk with less', three({ observed: observed({ dataAvailableBytes: 240 * MiB - 1 }) }), 'hold FREE_SPACE_SHORT'],
    [
      'a disk that nobody knows',
      three({ observed: omit(observed(), 'dataAvailableBytes') }),
      'hold FREE_SPACE_UNKNOWN',
    ],
    ['a disk that nobody looks at', three(without('observed')), 'hold FREE_SPACE_UNKNOWN'],
    [
      'a disk that was looked at too long ago',
      three({ observed: observed({ ageSeconds: 61 }) }),
      'hold FREE_SPACE_UNKNOWN',
    ],
    ['a version that must not be defragmented', three({ version: '3.5.5' }), 'hold VERSION_HAZARD'],
    ['a version that takes a precaution which is taken', three({ version: '3.4.23' }), 'act SPACE_RECLAIMABLE'],
    ['a version that is not known', three(without('version')), 'hold VERSION_UNKNOWN'],
    ['two voters without consent', state([full(1), full(2)]), 'hold NO_SPARE'],
    ['one voter without consent', state([full(1)]), 'hold NO_SPARE'],
    [
      'several things at once, all of them said',
      three({ lagEntries: 12_400n }, { termStableSeconds: 3, raftTerm: 7n }),
      'hold MEMBER_LAGS TERM_UNSTABLE',
    ],
  ])('%s', (_name, given, expected) => {
    expect(short(defragPolicy(given, settings))).toBe(expected);
    // A person's word does not make it any safer.
    expect(short(defragPolicy(given, settings, alice)).replace('act REQUESTED', 'act')).toBe(expected);
  });

  it.each([1, 2])('acts on %i voters with consent', (voters) => {
    const given = state(Array.from({ length: voters }, (_, index) => full(index + 1)));
    expect(short(defragPolicy(given, defragging({ withoutSpare: true })))).toBe('act SPACE_RECLAIMABLE');
  });

  it('says who is in the way, with numbers', () => {
    expect(defragPolicy(three({ lagEntries: 12_400n }), settings).reasons[0]?.message).toBe(
      'm3 answers but lags 12,400 entries',
    );
  });

  it('tells the operation which precautions the versions ask for', () => {
    expect(defragPolicy(three({ version: '3.4.23' }), settings).action?.parameters['precautions']).toEqual([
      'only with no learner and no snapshot transfer anywhere',
    ]);
  });
});

describe('when a defragmentation has its turn', () => {
  it.each<[string, ClusterState, DecideSettings, string]>([
    ['a member cools down', three({}, { history: defragged(6 * HOUR_MS - 1) }), settings, 'hold COOLING_DOWN'],
    ['a member has cooled down', three({}, { history: defragged(6 * HOUR_MS) }), settings, 'act SPACE_RECLAIMABLE'],
    ['an end in the future is just now', three({}, { history: defragged(-HOUR_MS) }), settings, 'hold COOLING_DOWN'],
    [
      'a sweep that stopped before a member does not cool it down',
      three({}, { history: [entry('defrag', { targets: ['1', '2', '3'], outcome: 'stopped', endedAtMs: NOW_MS })] }),
      settings,
      'act SPACE_RECLAIMABLE',
    ],
    [
      'a recovery from NOSPACE counts as well',
      three({}, { history: defragged(HOUR_MS).map((one) => ({ ...one, operation: 'nospace' })) }),
      settings,
      'hold COOLING_DOWN',
    ],
    ['a pause within the limit, at any time', three(), defragging({ maxPauseMs: 4195 }), 'act SPACE_RECLAIMABLE'],
    ['a longer pause, and no window is configured', three(), slowDisk, 'hold NO_WINDOW'],
    ['a longer pause outside the windows', three(), { ...slowDisk, windows: [nightly] }, 'hold OUTSIDE_WINDOW'],
    ['a longer pause in a window', three(), { ...slowDisk, windows: [nightly, noon] }, 'act SPACE_RECLAIMABLE'],
    ['a short pause outside the windows', three(), { ...settings, windows: [nightly] }, 'act SPACE_RECLAIMABLE'],
  ])('%s', (_name, given, when, expected) => {
    expect(short(defragPolicy(given, when))).toBe(expected);
  });

  it('reckons with the speed that was measured the last time', () => {
    const history = [
      entry('defrag', { endedAtMs: NOW_MS - 9 * HOUR_MS, figures: { 'bytesPerSecond.3': 100 * MiB } }),
      entry('defrag', { endedAtMs: NOW_MS - 99 * HOUR_MS, figures: { 'bytesPerSecond.3': 1 } }),
    ];
    const { action } = defragPolicy(three({}, { history }), settings);
    expect(action?.parameters['predictedPauseMs']).toEqual({ 1: 4195, 2: 4195, 3: 2000 });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('does not believe a speed of %f', (speed) => {
    const history = [entry('defrag', { figures: { 'bytesPerSecond.3': speed } })];
    expect(defragPolicy(three({}, { history }), settings).action?.parameters['predictedPauseMs']).toMatchObject({
      3: 4195,
    });
  });

  it('leaves out the members that have to wait, and says so', () => {
    const history = defragged(HOUR_MS).slice(0, 1);
    const decision = defragPolicy(three({}, { history }), settings);
    expect(decision.action?.targets).toEqual(['2', '3']);
    expect(decision.reasons.at(-1)?.message).toBe('m1 was defragmented 1 h ago, and 6 h lie between two');
  });

  it('waits for no window, threshold or cool-down for a person', () => {
    const history = defragged(0);
    const given = state([member(1), member(2), member(3)], { history });
    expect(short(defragPolicy(given, defragging({ maxPauseMs: 0 }, { windows: [nightly] }), alice))).toBe(
      'act REQUESTED SPACE_RECLAIMABLE',
    );
  });

  it('takes just the member that a person names', () => {
    expect(defragPolicy(three(), settings, { ...alice, target: '1' }).action?.targets).toEqual(['1']);
  });

  it.each<[string, ClusterState, Asked, string]>([
    ['a member that there is not', three(), { ...alice, target: '9' }, 'hold TARGET_UNKNOWN'],
    [
      'a learner',
      state([full(1), full(2), full(3), full(4, { isLearner: true })]),
      { ...alice, target: '4' },
      'hold TARGET_UNKNOWN',
    ],
    ['a member of unknown size', three(without('dbSizeBytes')), { ...alice, target: '3' }, 'hold SIZE_UNKNOWN'],
  ])('refuses a person %s', (_name, given, asked, expected) => {
    expect(short(defragPolicy(given, settings, asked))).toBe(expected);
  });

  it('knows a 100 GiB database for one that takes half an hour', () => {
    const big = {
      dbSizeBytes: 200 * GiB,
      dbSizeInUseBytes: 100 * GiB,
      observed: observed({ dataAvailableBytes: 900 * GiB }),
    };
    expect(defragPolicy(three(big), defragging({ maxPauseMs: 5000 })).reasons.at(-1)?.message).toMatch(
      /^m3 would stand still for 35 min 47 s .* no maintenance window is configured$/,
    );
  });
});

function without(field: keyof MemberState): Partial<MemberState> {
  return { [field]: undefined } as Partial<MemberState>;
}

function omit<T extends object, K extends keyof T>(from: T, field: K): Omit<T, K> {
  const { [field]: _left, ...rest } = from;
  return rest;
}
