import { describe, expect, it } from 'vitest';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { joinPolicy } from '../../src/decide/join.ts';
import { leavePolicy } from '../../src/decide/leave.ts';
import { memberUpdatePolicy } from '../../src/decide/member-update.ts';
import { ownLearners } from '../../src/decide/membership.ts';
import type { Asked } from '../../src/decide/policy.ts';
import { broken, candidate, entry, observed, own, settings, short, state, supervised } from './states.ts';

const of = (count: number): readonly MemberState[] => Array.from({ length: count }, (_, n) => supervised(n + 1));
const waiting = (members: readonly MemberState[] = of(3), more: Partial<ClusterState> = {}): ClusterState =>
  state(members, { candidates: [candidate('m9')], ...more });
const alice = (target?: string): Asked => ({ by: 'alice', ...(target === undefined ? {} : { target }) });
const learner = (n: number, more: Partial<MemberState> = {}): MemberState =>
  supervised(n, { isLearner: true, ...more });
const added = (id: string) => ({
  history: [entry('join', { steps: [{ name: 'learner-listed', memberId: id, atMs: 0 }] })],
});

describe('a new member is taken in', () => {
  it.each<[string, ClusterState, Asked | undefined, string]>([
    ['not where no agent can start its member', state(), undefined, 'hold NOT_SUPERVISED'],
    ['not where nobody wants to be', state(of(3)), undefined, 'hold NO_CANDIDATE'],
    ['as the fourth, with a warning', waiting(of(3)), undefined, 'act CANDIDATE_WAITS EVEN_VOTERS'],
    ['as the fifth', waiting(of(4)), undefined, 'act CANDIDATE_WAITS'],
    ['as the second, with a warning', waiting(of(1)), undefined, 'act CANDIDATE_WAITS QUORUM_RISK'],
    ['as the eighth, with two warnings', waiting(of(7)), undefined, 'act CANDIDATE_WAITS MANY_VOTERS EVEN_VOTERS'],
    [
      'with the precautions that its version asks for',
      waiting(of(4).map((one) => ({ ...one, version: '3.5.20' }))),
      undefined,
      'act CANDIDATE_WAITS VERSION_PRECAUTION',
    ],
    ['not while a voter is down', waiting([...of(2), broken(3)]), undefined, 'hold VOTER_UNREACHABLE'],
    [
      'not while a voter lags',
      waiting([...of(2), supervised(3, { lagEntries: 1001n })]),
      undefined,
      'hold MEMBER_LAGS',
    ],
    [
      'not while NOSPACE is raised',
      waiting(of(3), { alarms: [{ memberId: '1', member: 'm1', alarm: 'NOSPACE' }] }),
      undefined,
      'hold NOSPACE_ALARM',
    ],
    [
      'not while CORRUPT is raised',
      waiting(of(3), { alarms: [{ memberId: '1', member: 'm1', alarm: 'CORRUPT' }] }),
      undefined,
      'hold CORRUPT_ALARM',
    ],
    [
      'not in a mixed cluster',
      waiting([...of(2), supervised(3, { version: '3.4.23' })]),
      undefined,
      'hold MIXED_VERSIONS',
    ],
    ["not beside somebody else's learner", waiting([...of(3), learner(4)]), undefined, 'hold page FOREIGN_LEARNER'],
    [
      'not under the peer URL of a member, which it would have to replace',
      state(of(3), { candidates: [candidate('m9', {}, 'http://127.0.0.1:31')] }),
      undefined,
      'hold PEER_URL_TAKEN',
    ],
    [
      'not where a person had it leave',
      state(of(3), {
        candidates: [candidate('m9', { boot: { action: 'stay-out', reasons: [{ code: 'X', message: 'left' }] } })],
      }),
      undefined,
      'hold CANDIDATE_UNFIT',
    ],
    [
      'not where its agent does not say how its data are',
      state(of(3), { candidates: [{ agent: candidate('m9').agent }] }),
      undefined,
      'hold CANDIDATE_UNFIT',
    ],
    ['where a person names it', waiting(of(3)), alice('candidate:m9'), 'act REQUESTED CANDIDATE_WAITS EVEN_VOTERS'],
    ['not where a person names another', waiting(of(3)), alice('candidate:m8'), 'hold TARGET_UNKNOWN'],
    [
      "as the agents' own learner, which an earlier operation has left",
      waiting([...of(3), learner(4)], added('4')),
      undefined,
      'act LEARNER_LEFT EVEN_VOTERS',
    ],
    [
      "not as the agents' own learner where no agent is there to start it",
      state([...of(3), learner(4, { agent: undefined as unknown as NonNullable<MemberState['agent']> })], added('4')),
      undefined,
      'hold page LEARNER_PRESENT',
    ],
  ])('%s', (_, given, asked, expected) => {
    const decision = joinPolicy(given, settings, asked);
    expect(short(decision)).toBe(expected);
    expect(decision.reasons.map(({ message }) => message).join()).not.toMatch(/undefined|NaN|\[object/);
  });

  it('is asked of its agent, with what that needs to know', () => {
    expect(joinPolicy(waiting(of(3)), settings).action).toEqual({
      operation: 'join',
      targets: ['candidate:m9'],
      parameters: {
        name: 'm9',
        agentId: 'candidate:m9',
        peerUrls: ['http://m9:2380'],
        needBytes: 200 * 2 ** 20,
        version: '3.5.30',
      },
    });
    const left = joinPolicy(waiting([...of(3), learner(4)], added('4')), settings);
    expect(left.action?.parameters).toMatchObject({ agentId: '4', learnerId: '4', peerUrls: ['http://127.0.0.1:41'] });
  });

  it('is started by the candidate that a learner was listed for, where it was never started', () => {
    const { agent: _a, observed: _o, ...unstarted } = learner(4, { name: '4', peerUrls: ['http://m9:2380'] });
    const { action } = joinPolicy(waiting([...of(3), unstarted], added('4')), settings);
    expect(action?.parameters).toMatchObject({ name: 'm9', agentId: 'candidate:m9', learnerId: '4' });
  });
});

describe('a learner whose id was never written down, since a pause came right after it was listed', () => {
  const urls = ['http://m9:2380', 'http://m9:3380'];
  const adding = { name: 'add-learner', detail: urls.toReversed().join(', '), atMs: 0 };
  const { agent: _a, observed: _o, ...unstarted } = learner(4, { name: '4', peerUrls: urls });
  const paused = (...steps: { name: string; memberId?: string; detail?: string; atMs: number }[]) => ({
    history: [entry('replace', { outcome: 'stopped', code: 'PAUSED', steps })],
  });

  it("is the agents' own, and is gone on with", () => {
    const { action } = joinPolicy(waiting([...of(3), unstarted], paused(adding)), settings);
    expect(action?.parameters).toMatchObject({ name: 'm9', learnerId: '4', peerUrls: urls });
  });

  it.each<[string, MemberState, ReturnType<typeof paused>]>([
    ['one that was started', { ...unstarted, name: 'm9' }, paused(adding)],
    ['one under another URL', { ...unstarted, peerUrls: ['http://m8:2380'] }, paused(adding)],
    [
      'one where theirs was written down',
      unstarted,
      paused(adding, { name: 'learner-listed', memberId: '5', atMs: 1 }),
    ],
  ])("is somebody else's: %s", (_, member, more) => {
    expect(ownLearners(state([...of(3), member], more))).toEqual([]);
  });
});

describe('a member leaves', () => {
  it.each<[string, ClusterState, Asked | undefined, string]>([
    ['never by itself', state(of(5)), undefined, 'hold ON_REQUEST'],
    ['where a person names it', state(of(4)), alice('4'), 'act REQUESTED LEAVE_ASKED'],
    ['with a warning where an even number is left', state(of(5)), alice('5'), 'act REQUESTED LEAVE_ASKED EVEN_VOTERS'],
    ['of two, since a person asks', state(of(2)), alice('2'), 'act REQUESTED LEAVE_ASKED'],
    ['not of one', state(of(1)), alice('1'), 'hold QUORUM_AT_RISK'],
    ['not where that one is needed', state([...of(2), broken(3)]), alice('2'), 'hold QUORUM_AT_RISK'],
    [
      'where it is the one that is down',
      state([...of(2), broken(3)]),
      alice('3'),
      'act REQUESTED LEAVE_ASKED QUORUM_RISK',
    ],
    ['as a learner', state([...of(3), learner(4)]), alice('4'), 'act REQUESTED LEAVE_ASKED'],
    ['not where nobody is named', state(of(3)), alice(), 'hold TARGET_UNKNOWN'],
    ['not where there is no such member', state(of(3)), alice('9'), 'hold TARGET_UNKNOWN'],
  ])('%s', (_, given, asked, expected) => {
    expect(short(leavePolicy(given, settings, asked))).toBe(expected);
  });
});

describe('the list follows a peer URL that has changed', () => {
  const at = (n: number, peerUrl: string, more: Partial<MemberState> = {}): MemberState =>
    supervised(n, { observed: observed({ own: own(n, { peerUrl }) }), ...more });
  const moved = at(3, 'http://elsewhere:2380');

  it.each<[string, ClusterState, Asked | undefined, string]>([
    ['not where none has', state([...of(2), at(3, 'http://127.0.0.1:31')]), undefined, 'hold PEER_URLS_FIT'],
    ['where one has', state([...of(2), moved]), undefined, 'act PEER_URL_CHANGED'],
    [
      'where one has, and is out of reach for it',
      state([...of(2), { ...moved, reachable: false, healthy: false }]),
      undefined,
      'act PEER_URL_CHANGED',
    ],
    [
      'not where another one is not well',
      state([supervised(1), broken(2), moved]),
      undefined,
      'hold VOTER_UNREACHABLE',
    ],
    [
      "not a learner's",
      state([...of(3), at(4, 'http://elsewhere:2380', { isLearner: true })]),
      undefined,
      'hold PEER_URLS_FIT',
    ],
    ['not beside a learner', state([...of(2), moved, learner(4)], added('4')), undefined, 'hold LEARNER_PRESENT'],
    ["not beside somebody else's learner", state([...of(2), moved, learner(4)]), undefined, 'hold FOREIGN_LEARNER'],
    [
      'not to the URL of another member',
      state([...of(2), at(3, 'http://127.0.0.1:21')]),
      undefined,
      'hold PEER_URL_TAKEN',
    ],
    [
      'not by the word of an agent that remembers another member',
      state([...of(2), supervised(3, { observed: observed({ own: own(9, { peerUrl: 'http://elsewhere:2380' }) }) })]),
      undefined,
      'hold PEER_URLS_FIT',
    ],
    ['where a person names it', state([...of(2), moved]), alice('3'), 'act REQUESTED PEER_URL_CHANGED'],
    [
      'not by itself where only two vote',
      state([supervised(1), at(2, 'http://elsewhere:2380')]),
      undefined,
      'hold QUORUM_AT_RISK',
    ],
    [
      'of two, since a person asks',
      state([supervised(1), at(2, 'http://elsewhere:2380')]),
      alice('2'),
      'act REQUESTED PEER_URL_CHANGED',
    ],
    ['not where a person names another', state([...of(2), moved]), alice('2'), 'hold PEER_URLS_FIT'],
  ])('%s', (_, given, asked, expected) => {
    expect(short(memberUpdatePolicy(given, settings, asked))).toBe(expected);
  });
});
