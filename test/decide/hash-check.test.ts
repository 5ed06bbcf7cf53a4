import { describe, expect, it } from 'vitest';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { hashCheckPolicy } from '../../src/decide/hash-check.ts';
import type { Asked } from '../../src/decide/policy.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { entry, HOUR_MS, member, NOW_MS, nightly, noon, observed, own, settings, short, state } from './states.ts';

const due = (members?: readonly MemberState[], more: Partial<ClusterState> = {}): ClusterState =>
  state(members, { history: [], ...more });

/** 600 MB are hashed in 0.5 s, which is the limit. */
const sized = (bytes: number): ClusterState => due([1, 2, 3].map((n) => member(n, { dbSizeBytes: bytes })));
const within = (...windows: DecideSettings['windows']): DecideSettings => ({ ...settings, windows });
const alice: Asked = { by: 'alice' };
const last = (agoMs: number, requestedBy?: string) => [
  entry('hash-check', { endedAtMs: NOW_MS - agoMs, ...(requestedBy === undefined ? {} : { requestedBy }) }),
];
/** The third of so many voters serves, and had ended so long ago since its data differ. */
const differed = (agoMs: number, checkAgoMs: number, voters = 3, bytes = 1): ClusterState =>
  due(
    Array.from({ length: voters }, (_, at) => member(at + 1, { dbSizeBytes: bytes })).map((one, at) =>
      at + 1 < voters
        ? one
        : { ...one, observed: observed({ own: own(at + 1, { differedAtMs: NOW_MS - agoMs, damagedEnds: 1 }) }) },
    ),
    { history: last(checkAgoMs) },
  );

describe('the hash check', () => {
  it.each<[string, ClusterState, DecideSettings, Asked | undefined, string]>([
    ['acts when there never was one', due(), settings, undefined, 'act HASH_CHECK_DUE'],
    [
      'holds within a day of the last',
      due(undefined, { history: last(24 * HOUR_MS - 1) }),
      settings,
      undefined,
      'hold COOLING_DOWN',
    ],
    [
      'acts a day after the last',
      due(undefined, { history: last(24 * HOUR_MS) }),
      settings,
      undefined,
      'act HASH_CHECK_DUE',
    ],
    [
      'counts one that a person asked for',
      due(undefined, { history: last(HOUR_MS, 'alice') }),
      settings,
      undefined,
      'hold COOLING_DOWN',
    ],
    [
      'takes one in the future for just now',
      due(undefined, { history: last(-99 * HOUR_MS) }),
      settings,
      undefined,
      'hold COOLING_DOWN',
    ],
    [
      'acts at once where a voter serves whose data differed at a start since the last',
      differed(60_000, HOUR_MS),
      settings,
      undefined,
      'act HASH_CHECK_DUE DATA_CORRUPT',
    ],
    [
      'holds where they have been compared since',
      differed(2 * HOUR_MS, HOUR_MS),
      settings,
      undefined,
      'hold COOLING_DOWN',
    ],
    [
      'does not check again and again where the clock of such a voter is ahead',
      differed(-HOUR_MS, 60_000),
      settings,
      undefined,
      'hold COOLING_DOWN',
    ],
    [
      'has a person look where such a voter may not be checked',
      differed(60_000, HOUR_MS, 3, 9e9),
      settings,
      undefined,
      'hold page NO_WINDOW DATA_CORRUPT',
    ],
    [
      'has a person look where such a voter is one of two',
      differed(60_000, HOUR_MS, 2),
      settings,
      undefined,
      'hold page NO_SPARE DATA_CORRUPT',
    ],
    ['acts where the stall is within the limit', sized(600_000_000), settings, undefined, 'act HASH_CHECK_DUE'],
    ['holds where it is over and no window is configured', sized(600_000_001), settings, undefined, 'hold NO_WINDOW'],
    ['holds outside the windows', sized(1), within(nightly), undefined, 'hold OUTSIDE_WINDOW'],
    ['acts in a window, however long it takes', sized(9e9), within(nightly, noon), undefined, 'act HASH_CHECK_DUE'],
    ['has nothing to compare on a single voter', due([member(1)]), settings, undefined, 'hold NOTHING_TO_COMPARE'],
    ['holds on two voters, which both stand still', due([member(1), member(2)]), settings, undefined, 'hold NO_SPARE'],
    [
      'acts on 3.4 as well',
      due([1, 2, 3].map((n) => member(n, { version: '3.4.23' }))),
      settings,
      undefined,
      'act HASH_CHECK_DUE',
    ],
    [
      'holds with a voter down',
      due([member(1), member(2), member(3, { reachable: false })]),
      settings,
      undefined,
      'hold VOTER_UNREACHABLE',
    ],
    [
      'holds with a member that lags',
      due([member(1), member(2), member(3, { lagEntries: 1001n })]),
      settings,
      undefined,
      'hold MEMBER_LAGS',
    ],
    [
      'holds with a learner',
      due([member(1), member(2), member(3), member(4, { isLearner: true })]),
      settings,
      undefined,
      'hold LEARNER_PRESENT',
    ],
    [
      'holds where a size is not known',
      due([member(1), member(2), member(3, { dbSizeBytes: undefined } as unknown as Partial<MemberState>)]),
      settings,
      undefined,
      'hold SIZE_UNKNOWN',
    ],
    [
      'holds under CORRUPT',
      due(undefined, { alarms: [{ memberId: '2', member: 'm2', alarm: 'CORRUPT' }] }),
      settings,
      undefined,
      'hold CORRUPT_ALARM',
    ],
    [
      'holds under NOSPACE',
      due(undefined, { alarms: [{ memberId: '2', member: 'm2', alarm: 'NOSPACE' }] }),
      settings,
      undefined,
      'hold NOSPACE_ALARM',
    ],
    [
      'for a person acts at any time, for any stall',
      { ...sized(9e9), history: last(1) },
      within(nightly),
      alice,
      'act REQUESTED HASH_CHECK_DUE',
    ],
    ['for a person acts on two voters', due([member(1), member(2)]), settings, alice, 'act REQUESTED HASH_CHECK_DUE'],
    [
      'for a person holds with a voter down',
      due([member(1), member(2), member(3, { reachable: false })]),
      settings,
      alice,
      'hold VOTER_UNREACHABLE',
    ],
    ['takes no single member', due(), settings, { ...alice, target: '2' }, 'hold TARGET_UNKNOWN'],
  ])('%s', (_name, given, when, asked, expected) => {
    expect(short(hashCheckPolicy(given, when, asked))).toBe(expected);
  });

  it('takes the raft leader last, and tells how long each will stand still', () => {
    const { action, reasons } = hashCheckPolicy(sized(600_000_000), settings);
    expect(action?.targets).toEqual(['2', '3', '1']);
    expect(action?.parameters).toEqual({ predictedPauseMs: { 1: 500, 2: 500, 3: 500 } });
    expect(reasons[0].message).toBe(
      'the hashes of 3 voters are to be compared; writes through each stand still for 500 ms (572 MiB at 1.12 GiB/s) at most',
    );
  });
});
