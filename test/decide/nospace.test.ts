import { describe, expect, it } from 'vitest';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { nospacePolicy } from '../../src/decide/nospace.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { entry, HOUR_MS, MiB, member, NOW_MS, nightly, observed, settings, short, state } from './states.ts';

/** At its quota of 16 MiB, 14 MiB of it in use: over the 12.8 MiB at which the alarm may go. */
function full(n: number, more: Partial<MemberState> = {}): MemberState {
  return member(n, { dbSizeBytes: 16 * MiB, dbSizeInUseBytes: 14 * MiB, quotaBytes: 16 * MiB, ...more });
}

const nospace = (...ids: readonly number[]): ClusterState['alarms'] =>
  ids.map((n) => ({ memberId: `${n}`, member: `m${n}`, alarm: 'NOSPACE' as const }));

const raised = (members: readonly MemberState[], more: Partial<ClusterState> = {}): ClusterState =>
  state(members, { alarms: nospace(1, 2, 3), ...more });

const three = (third: Partial<MemberState> = {}, more: Partial<ClusterState> = {}): ClusterState =>
  raised([full(1), full(2), full(3, third)], more);

/** Nothing older than 10 minutes is left to compact. */
const compacted = (more: Partial<ClusterState> = {}): ClusterState =>
  raised(
    [1, 2, 3].map((n) => full(n, { observed: observed({ compactRevision: 150_000n }) })),
    more,
  );

const gaveUp = (figures: Readonly<Record<string, number>>, endedAtMs = NOW_MS - HOUR_MS) =>
  entry('nospace', { outcome: 'stopped', code: 'NOSPACE_LIVE_DATA', endedAtMs, figures });

const asItWas = {
  'inUseBytes.1': 14 * MiB,
  'inUseBytes.2': 14 * MiB,
  'inUseBytes.3': 14 * MiB,
  compactRevision: 150_000,
};

const recovered = (agoMs: number) => entry('nospace', { endedAtMs: NOW_MS - agoMs });

describe('recovery from NOSPACE', () => {
  it.each<[string, ClusterState, string]>([
    ['holds while the alarm is not raised', state(), 'hold NO_ALARM'],
    [
      'pages while a quorum answers and nobody says the alarms',
      state(undefined, { alarmsUnknown: true }),
      'hold page ALARMS_UNKNOWN',
    ],
    [
      'holds while alarms are not known without a quorum',
      state(undefined, { alarmsUnknown: true, linearizable: false }),
      'hold ALARMS_UNKNOWN',
    ],
    ['acts on all voters', three(), 'act ALARM_RAISED'],
    ['acts where one member has raised it', three({}, { alarms: nospace(2) }), 'act ALARM_RAISED'],
    ['acts on one voter', raised([full(1)], { alarms: nospace(1) }), 'act ALARM_RAISED'],
    ['acts on two voters', raised([full(1), full(2)], { alarms: nospace(1, 2) }), 'act ALARM_RAISED'],
    ['acts on a version that is defragmented only to get out of it', three({ version: '3.5.5' }), 'act ALARM_RAISED'],
    [
      'pages under CORRUPT',
      three({}, { alarms: [...nospace(1), { memberId: '2', member: 'm2', alarm: 'CORRUPT' }] }),
      'hold page CORRUPT_ALARM',
    ],
    [
      'pages under CORRUPT alone',
      state(undefined, { alarms: [{ memberId: '2', member: 'm2', alarm: 'CORRUPT' }] }),
      'hold page CORRUPT_ALARM',
    ],
    [
      'pages under CORRUPT, and says so, where a voter does not answer and nothing can be compared',
      three({ reachable: false, healthy: false }, { alarms: [{ memberId: '0', member: 'unknown', alarm: 'CORRUPT' }] }),
      'hold page CORRUPT_ALARM VOTER_UNREACHABLE',
    ],
    ['pages when a voter does not answer', three({ reachable: false, healthy: false }), 'hold page VOTER_UNREACHABLE'],
    ['pages when quorum is lost', three({}, { votersReachable: 1 }), 'hold page QUORUM_LOST'],
    [
      'pages when a learner is there',
      raised([full(1), full(2), full(3), full(4, { isLearner: true })]),
      'hold page LEARNER_PRESENT',
    ],
    [
      'pages when the disk has too little space',
      three({ observed: observed({ dataAvailableBytes: 16 * MiB }) }),
      'hold page FREE_SPACE_SHORT',
    ],
    [
      'pages when nobody knows the space on the disk',
      three({ observed: undefined } as unknown as Partial<MemberState>),
      'hold page FREE_SPACE_UNKNOWN',
    ],
    [
      'pages when nobody knows the quota',
      three({ quotaBytes: undefined } as unknown as Partial<MemberState>),
      'hold page QUOTA_UNKNOWN',
    ],
    [
      'acts where one member has no quota',
      three({ quotaBytes: Number.POSITIVE_INFINITY }, { alarms: nospace(1, 2) }),
      'act ALARM_RAISED',
    ],
    ['only waits when a member lags', three({ lagEntries: 5000n }), 'hold MEMBER_LAGS'],
    ['only waits shortly after an election', three({}, { termStableSeconds: 4.9 }), 'hold TERM_UNSTABLE'],
    ['waits no longer than 5 s after an election', three({}, { termStableSeconds: 5 }), 'act ALARM_RAISED'],
    [
      'only waits for a defragmentation',
      three({ observed: observed({ defragInflight: true }) }),
      'hold DEFRAG_UNDER_WAY',
    ],
    [
      'waits until it knows which revisions are old',
      three({}, { revisions: [{ ageSeconds: 599, revision: 190_000n }] }),
      'hold NOT_ENOUGH_HISTORY ALARM_RAISED',
    ],
    [
      'needs no old revision where free pages are all it takes',
      raised(
        [1, 2, 3].map((n) => full(n, { dbSizeInUseBytes: 2 * MiB })),
        { revisions: [] },
      ),
      'act ALARM_RAISED',
    ],
    ['pages where no revision is left to go', compacted(), 'hold page LIVE_DATA ALARM_RAISED'],
    [
      'pages when it came back for the second time in a day',
      three({}, { history: [recovered(HOUR_MS), recovered(23 * HOUR_MS)] }),
      'hold page ALARM_COMES_BACK ALARM_RAISED',
    ],
    ['acts when it came back once', three({}, { history: [recovered(HOUR_MS)] }), 'act ALARM_RAISED'],
    [
      'acts when the recoveries are further apart',
      three({}, { history: [recovered(HOUR_MS), recovered(24 * HOUR_MS)] }),
      'act ALARM_RAISED',
    ],
    [
      'acts again after a person has said resume',
      three({}, { history: [recovered(1), recovered(2)], resumedRevision: 1_000_000n }),
      'act ALARM_RAISED',
    ],
    [
      'takes recoveries in the future for just now',
      three({}, { history: [recovered(-HOUR_MS), recovered(-HOUR_MS)] }),
      'hold page ALARM_COMES_BACK ALARM_RAISED',
    ],
    [
      'pages while it is as full as when it gave up',
      three({}, { history: [gaveUp(asItWas)] }),
      'hold page LIVE_DATA ALARM_RAISED',
    ],
    [
      'pages while nobody knows how full it was then',
      three({}, { history: [gaveUp({})] }),
      'hold page LIVE_DATA ALARM_RAISED',
    ],
    [
      'acts again when what is in use has fallen',
      three({ dbSizeInUseBytes: 13 * MiB }, { history: [gaveUp(asItWas)] }),
      'act ALARM_RAISED',
    ],
    [
      'acts again when more history can go than then',
      three({}, { history: [gaveUp({ ...asItWas, compactRevision: 149_991 })] }),
      'act ALARM_RAISED',
    ],
    [
      'pages while all that is new is what its own try has made',
      three({}, { history: [gaveUp({ ...asItWas, compactRevision: 149_992 })] }),
      'hold page LIVE_DATA ALARM_RAISED',
    ],
    [
      'acts again when keys have been deleted',
      three(
        {},
        { history: [gaveUp({ ...asItWas, keyspaceBytes: 1000 })], largestPrefixes: [{ prefix: '/a', bytes: 949 }] },
      ),
      'act ALARM_RAISED',
    ],
    [
      'acts again a day after it gave up',
      three({}, { history: [gaveUp(asItWas, NOW_MS - 24 * HOUR_MS)] }),
      'act ALARM_RAISED',
    ],
    [
      'acts again when free pages are all it takes now',
      raised(
        [1, 2, 3].map((n) => full(n, { dbSizeInUseBytes: 12 * MiB })),
        { history: [gaveUp({})] },
      ),
      'act ALARM_RAISED',
    ],
  ])('%s', (_name, given, expected) => {
    expect(short(nospacePolicy(given, settings))).toBe(expected);
  });

  it('waits for no window and no cool-down', () => {
    const when: DecideSettings = { ...settings, windows: [nightly], defrag: { ...settings.defrag, maxPauseMs: 0 } };
    const history = [entry('nospace', { outcome: 'failed', endedAtMs: NOW_MS })];
    expect(short(nospacePolicy(three({}, { history }), when))).toBe('act ALARM_RAISED');
  });

  it.each<[string, ClusterState, string, string | null]>([
    [
      'free pages',
      raised([1, 2, 3].map((n) => full(n, { dbSizeInUseBytes: 12.8 * MiB - 1 }))),
      'fragmentation',
      '150000',
    ],
    ['history, where one member is over', three({ dbSizeInUseBytes: 12.8 * MiB }), 'history', '150000'],
    [
      'free pages, with nothing to compact',
      raised(
        [1, 2, 3].map((n) => full(n, { dbSizeInUseBytes: MiB, observed: observed({ compactRevision: 150_000n }) })),
      ),
      'fragmentation',
      null,
    ],
    ['history up to what backups have made durable', three({}, { durableRevision: 140_000n }), 'history', '140000'],
    ['history, never the current revision', three({}, { revision: 150_000n }), 'history', '149999'],
  ])('tells what fills the store: %s', (_name, given, fullOf, compactRevision) => {
    expect(nospacePolicy(given, settings).action?.parameters).toMatchObject({ fullOf, compactRevision });
  });

  it('hands the operation what it was decided on', () => {
    const given = three({ quotaBytes: Number.POSITIVE_INFINITY }, { alarms: nospace(1, 2) });
    const { action } = nospacePolicy(given, settings);
    expect(action?.targets).toEqual(['2', '1']);
    expect(action?.parameters).toEqual({
      fullOf: 'history',
      compactRevision: '150000',
      compactedRevision: '100000',
      disarmBelowRatio: 0.8,
      alarmed: ['1', '2'],
      members: {
        1: { quotaBytes: 16 * MiB, dbSizeBytes: 16 * MiB, inUseBytes: 14 * MiB },
        2: { quotaBytes: 16 * MiB, dbSizeBytes: 16 * MiB, inUseBytes: 14 * MiB },
        3: { quotaBytes: null, dbSizeBytes: 16 * MiB, inUseBytes: 14 * MiB },
      },
    });
  });

  it('names the prefixes that fill the store when only a person can help', () => {
    const largestPrefixes = [
      { prefix: '/registry/events', bytes: 9 * MiB },
      { prefix: '/registry/secrets', bytes: 2 * MiB },
    ];
    expect(nospacePolicy(compacted({ largestPrefixes }), settings).reasons.map(({ message }) => message)).toEqual([
      'live data fills the store (the largest of 2 prefixes: /registry/events 9.00 MiB, /registry/secrets 2.00 MiB): delete some of it, or raise --quota-backend-bytes; the agents never delete keys of others',
      'm1 holds 16.0 MiB of its quota of 16.0 MiB, 14.0 MiB of it in use',
      'm2 holds 16.0 MiB of its quota of 16.0 MiB, 14.0 MiB of it in use',
      'm3 holds 16.0 MiB of its quota of 16.0 MiB, 14.0 MiB of it in use',
    ]);
  });
});
