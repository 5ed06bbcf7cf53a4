import { describe, expect, it } from 'vitest';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import type { Asked } from '../../src/decide/policy.ts';
import { replacePolicy } from '../../src/decide/replace.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { broken, candidate, entry, GiB, observed, own, settings, short, state, supervised } from './states.ts';

const wiped = broken(3, { dataDir: { state: 'empty' } });
const gone = broken(3, undefined, { silence: { seconds: 300, observers: 2, silentTo: 2 } });
const safe: Partial<ClusterState> = { unprotectedSeconds: 2 };
const without = (third: MemberState, more: Partial<ClusterState> = {}): ClusterState =>
  state([supervised(1), supervised(2), third], { ...safe, ...more });
const five = (fifth: MemberState, more: Partial<ClusterState> = {}): ClusterState =>
  state([...[1, 2, 3, 4].map((n) => supervised(n)), fifth], { ...safe, ...more });
const alice = (target?: string): Asked => ({ by: 'alice', ...(target === undefined ? {} : { target }) });
const healing = (more: Partial<DecideSettings['heal']>): DecideSettings => ({
  ...settings,
  heal: { ...settings.heal, ...more },
});
const unstored: DecideSettings = { ...settings, backups: { ...settings.backups, stores: 0 } };
const mismatch = { history: [entry('hash-check', { figures: { hashMismatch: 1, members: 3, 'hashDiffers.3': 1 } })] };
const learner = (n: number): MemberState => supervised(n, { isLearner: true });
const ours = { history: [entry('join', { steps: [{ name: 'learner-listed', memberId: '4', atMs: 0 }] })] };

describe('a broken member is replaced', () => {
  it.each<[string, ClusterState, DecideSettings, Asked | undefined, string]>([
    ['not where no agent can start its member', state(), settings, undefined, 'hold NOT_SUPERVISED'],
    ['not where all are well', without(supervised(3)), settings, undefined, 'hold ALL_WELL'],
    ['at once where its data are gone', without(wiped), settings, undefined, 'act DATA_GONE'],
    [
      'at once where its data are corrupt',
      without(broken(3, { dataDir: { state: 'corrupt', part: 'wal', problem: 'x' } })),
      settings,
      undefined,
      'act DATA_CORRUPT',
    ],
    ['not while its process is started again', without(broken(3, {})), settings, undefined, 'hold PROCESS_DOWN'],
    ['not while its machine is away for a moment', without(broken(3)), settings, undefined, 'hold MACHINE_GONE'],
    [
      'not where its machine is gone and nothing is there in its place',
      without(gone),
      settings,
      undefined,
      'hold page NO_REPLACEMENT MEMBER_DEAD',
    ],
    [
      'by a candidate where its machine is gone',
      without(gone, { candidates: [candidate('m9')] }),
      settings,
      undefined,
      'act MEMBER_DEAD',
    ],
    [
      'not by a candidate that is to stay out',
      without(gone, {
        candidates: [candidate('m9', { boot: { action: 'stay-out', reasons: [{ code: 'X', message: 'left' }] } })],
      }),
      settings,
      undefined,
      'hold page NO_REPLACEMENT MEMBER_DEAD',
    ],
    [
      'not by a candidate under the peer URL of another member',
      without(gone, { candidates: [candidate('m9', {}, 'http://127.0.0.1:21')] }),
      settings,
      undefined,
      'hold page NO_REPLACEMENT MEMBER_DEAD',
    ],
    [
      'not where its agent is paused',
      without(
        broken(
          3,
          { dataDir: { state: 'empty' } },
          {
            observed: observed({
              localPause: 'x',
              own: own(3, { process: { state: 'stopped' }, dataDir: { state: 'empty' } }),
            }),
          },
        ),
      ),
      settings,
      undefined,
      'hold page NO_REPLACEMENT DATA_GONE',
    ],
    [
      'not a member that only some reach',
      without(broken(3, undefined, { silence: { seconds: 900, observers: 2, silentTo: 1 } })),
      settings,
      undefined,
      'hold PARTITIONED',
    ],
    [
      'not for a wrong flag, which is for a person',
      without(broken(3, { process: { state: 'stopped', end: { how: 'x', cause: 'bad-flag', atMs: 0 } } })),
      settings,
      undefined,
      'hold page NEEDS_PERSON',
    ],
    [
      'not for a full disk, which is for a person',
      without(broken(3, { process: { state: 'stopped', end: { how: 'x', cause: 'disk-full', atMs: 0 } } })),
      settings,
      undefined,
      'hold page DISK_FULL',
    ],

    [
      'not where a second one is not well',
      five(broken(5, { dataDir: { state: 'empty' } }), {
        members: [supervised(1), supervised(2), supervised(3), broken(4), broken(5, { dataDir: { state: 'empty' } })],
      }),
      settings,
      undefined,
      'hold page SECOND_FAILURE DATA_GONE',
    ],
    [
      'not where the quorum is lost',
      state([supervised(1), broken(2), wiped], safe),
      settings,
      undefined,
      'hold page QUORUM_LOST SECOND_FAILURE QUORUM_AT_RISK DATA_GONE',
    ],
    [
      'not of two voters',
      state([supervised(1), broken(2, { dataDir: { state: 'empty' } })], safe),
      settings,
      undefined,
      'hold page QUORUM_LOST QUORUM_AT_RISK DATA_GONE',
    ],
    [
      'not where the rest lags',
      state([supervised(1), supervised(2, { lagEntries: 1001n }), wiped], safe),
      settings,
      undefined,
      'hold MEMBER_LAGS DATA_GONE',
    ],
    [
      'not where there is no raft leader',
      without(wiped, { leaderId: undefined as unknown as string }),
      settings,
      undefined,
      'hold NO_RAFT_LEADER DATA_GONE',
    ],
    [
      "not beside somebody else's learner",
      state([supervised(1), supervised(2), wiped, learner(4)], safe),
      settings,
      undefined,
      'hold page FOREIGN_LEARNER DATA_GONE',
    ],
    [
      "not beside the agents' own learner, which is taken in first",
      state([supervised(1), supervised(2), wiped, learner(4)], { ...safe, ...ours }),
      settings,
      undefined,
      'hold LEARNER_PRESENT DATA_GONE',
    ],
    [
      'not in a mixed cluster',
      state([supervised(1), supervised(2, { version: '3.4.23' }), wiped], safe),
      settings,
      undefined,
      'hold MIXED_VERSIONS DATA_GONE',
    ],
    [
      'not while another one is defragmented',
      state([supervised(1), supervised(2, { observed: observed({ own: own(2), defragInflight: true }) }), wiped], safe),
      settings,
      undefined,
      'hold DEFRAG_UNDER_WAY DATA_GONE',
    ],
    [
      'not while NOSPACE is raised',
      without(wiped, { alarms: [{ memberId: '1', member: 'm1', alarm: 'NOSPACE' }] }),
      settings,
      undefined,
      'hold NOSPACE_ALARM DATA_GONE',
    ],
    ['not without any backup', without(wiped), unstored, undefined, 'hold page NO_BACKUP DATA_GONE'],
    [
      'without any backup where people have consented',
      without(wiped),
      { ...unstored, heal: healing({ withoutBackup: true }).heal },
      undefined,
      'act DATA_GONE',
    ],

    [
      'where a hash check names it, though it serves',
      without(supervised(3), mismatch),
      settings,
      undefined,
      'act DATA_CORRUPT',
    ],
    [
      'not while CORRUPT is raised: nothing could be written down',
      without(supervised(3, { healthy: false }), {
        ...mismatch,
        alarms: [{ memberId: '3', member: 'm3', alarm: 'CORRUPT' }],
      }),
      settings,
      undefined,
      'hold page CORRUPT_ALARM DATA_CORRUPT',
    ],
    [
      'not where CORRUPT is raised for another one',
      without(supervised(3), { ...mismatch, alarms: [{ memberId: '2', member: 'm2', alarm: 'CORRUPT' }] }),
      settings,
      undefined,
      'hold page CORRUPT_ALARM DATA_CORRUPT',
    ],
    [
      'not where no majority agrees',
      without(supervised(3), {
        history: [
          entry('hash-check', {
            figures: { hashMismatch: 1, members: 3, 'hashDiffers.1': 1, 'hashDiffers.2': 1, 'hashDiffers.3': 1 },
          }),
        ],
      }),
      settings,
      undefined,
      'hold page NO_MAJORITY',
    ],

    ['where a person asks for it, though it is well', without(supervised(3)), settings, alice('3'), 'act REQUESTED'],
    ['not where a person does not say which', without(supervised(3)), settings, alice(), 'hold TARGET_UNKNOWN'],
    ['not where there is no such voter', without(supervised(3)), settings, alice('9'), 'hold TARGET_UNKNOWN'],
    [
      'of two where a person asks for it',
      state([supervised(1), supervised(2)], safe),
      settings,
      alice('2'),
      'act REQUESTED',
    ],
    [
      'not of one, whoever asks',
      state([supervised(1)], safe),
      settings,
      alice('1'),
      'hold page QUORUM_AT_RISK REQUESTED',
    ],
  ])('%s', (_, given, when, asked, expected) => {
    const decision = replacePolicy(given, when, asked);
    expect(short(decision)).toBe(expected);
    expect(decision.reasons.map(({ message }) => message).join()).not.toMatch(/undefined|NaN|\[object/);
  });
});

describe('how a member is replaced', () => {
  const parameters = (given: ClusterState, when = settings) => replacePolicy(given, when).action?.parameters;

  it('by its own agent, in its own place', () => {
    expect(replacePolicy(without(wiped), settings).action).toEqual({
      operation: 'replace',
      targets: ['3'],
      parameters: {
        ...{
          victim: '3',
          victimName: 'm3',
          name: 'm3',
          agentId: '3',
          victimAgentId: '3',
          peerUrls: ['http://127.0.0.1:31'],
        },
        ...{ needBytes: 200 * 2 ** 20, version: '3.5.30', snapshot: false, order: 'remove-first', evenIfWell: false },
      },
    });
  });

  it('by the candidate that has come back in its place, rather than by another', () => {
    const candidates = [candidate('a'), candidate('b', {}, 'http://127.0.0.1:31'), candidate('c')];
    const { action } = replacePolicy(without(gone, { candidates }), settings);
    expect(action?.parameters).toMatchObject({ name: 'b', agentId: 'candidate:b', peerUrls: ['http://127.0.0.1:31'] });
    expect(action?.targets).toEqual(['3', 'candidate:b']);
  });

  it.each<[string, Partial<ClusterState>, boolean]>([
    ['are a minute old', { unprotectedSeconds: 60 }, false],
    ['are older', { unprotectedSeconds: 61 }, true],
    ['are not made by the leading agent', { unprotectedSeconds: undefined as unknown as number }, true],
  ])('after a snapshot or without, where backups %s', (_, more, snapshot) => {
    expect(parameters(without(wiped, more))).toMatchObject({ snapshot });
  });

  it('of five a new one is added first, where the version takes it and it stands elsewhere', () => {
    const lost = broken(5, undefined, { silence: { seconds: 300, observers: 4, silentTo: 4 } });
    const candidates = [candidate('m9')];
    expect(parameters(five(lost, { candidates }))).toMatchObject({ order: 'add-first' });
    expect(parameters(five(broken(5, { dataDir: { state: 'empty' } })))).toMatchObject({ order: 'remove-first' });
    // Its own agent has to move the old data away first, also where the member is configured with another peer URL by now.
    const moved = broken(5, { dataDir: { state: 'empty' }, peerUrl: 'http://elsewhere:2380' });
    expect(parameters(five(moved))).toMatchObject({ order: 'remove-first', peerUrls: ['http://elsewhere:2380'] });
    const older = [1, 2, 3, 4].map((n) => supervised(n, { version: '3.5.29' }));
    expect(parameters(state([...older, lost], { ...safe, candidates }))).toMatchObject({ order: 'remove-first' });
    expect(parameters(without(gone, { candidates }))).toMatchObject({ order: 'remove-first' });
  });

  it('goes for those that do not serve before one that serves with wrong data', () => {
    const given = state(
      [supervised(1), supervised(2), supervised(3), supervised(4), broken(5, { dataDir: { state: 'empty' } })],
      {
        ...safe,
        ...mismatch,
      },
    );
    expect(parameters(given)).toMatchObject({ victim: '5' });
  });

  it('needs twice the largest database', () => {
    const large = state([supervised(1, { dbSizeBytes: 3 * GiB }), supervised(2), wiped], safe);
    expect(parameters(large)).toMatchObject({ needBytes: 6 * GiB });
  });
});
