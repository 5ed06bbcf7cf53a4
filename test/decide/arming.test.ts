import { expect, it } from 'vitest';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { membersToArm } from '../../src/decide/arming.ts';
import { member, settings, state } from './states.ts';

const armed = (...members: readonly string[]) => ({ armed: { atMs: 0, epoch: 1n, members } });

function unarmed(more: Partial<ClusterState> = {}, members?: readonly MemberState[]): ClusterState {
  const { armed: _armed, ...given } = state(members, { readySeconds: 1800, ...more });
  return given;
}

it.each<[string, ClusterState, readonly string[] | undefined]>([
  ['arms after 30 minutes of agents and health', unarmed(), ['1', '2', '3']],
  ['does not a moment before', unarmed({ readySeconds: 1799.9 }), undefined],
  ['does not on a list that no quorum gave', unarmed({ linearizable: false }), undefined],
  ['does not for no members', unarmed({}, []), undefined],
  ['does not with a learner', unarmed({}, [member(1), member(2), member(3, { isLearner: true })]), undefined],
  ['does not without an agent', unarmed({}, [member(1), member(2, { agent: undefined } as never)]), undefined],
  ['writes nothing again while the members are the same', state(undefined, armed('3', '2', '1')), undefined],
  [
    'writes down changed members after half an hour',
    state(undefined, { ...armed('1', '2'), membersStableSeconds: 1800 }),
    ['1', '2', '3'],
  ],
  ['does not before', state(undefined, { ...armed('1', '2'), membersStableSeconds: 1799.9 }), undefined],
  ['writes down members that are gone', state(undefined, armed('1', '2', '3', '4')), ['1', '2', '3']],
  ['tells a replaced member from the one before', state(undefined, armed('1', '2', '4')), ['1', '2', '3']],
])('%s', (_name, given, expected) => {
  expect(membersToArm(given, settings)).toEqual(expected);
});
