import type { Decision, Reason } from '../cluster/caretaking.ts';
import type { PodSetView } from '../cluster/pod-set.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { clusterTrouble, nospaceRaised, votersOf, votersWell } from './fitness.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';
import type { DecideSettings } from './settings.ts';
import { deadText, isDead } from './silence.ts';

const policy = 'release';

/**
 * Lets go of the volume of a pod whose node is shown to be gone, so that its StatefulSet brings the pod up elsewhere, and its member can be replaced
 * there. Only of a voter that has been dead for as long as one that is replaced, and only with that proof, also for a person: a node that is not
 * ready may run on.
 */
export const releasePolicy: Policy = (state, settings, asked) => {
  const set = state.podSet;
  if (set === undefined) {
    const message = 'the leading agent is in no pod of a StatefulSet, or has not read it in the last minute';
    return hold(policy, [because('NO_POD_SET', message)]);
  }
  const victim = victimOf(set, state, asked);
  if ('decision' in victim) return victim;
  return decideOn(victim, set, state, settings, asked);
};

function victimOf(set: PodSetView, state: ClusterState, asked: Asked | undefined): MemberState | Decision {
  const voters = votersOf(state);
  if (asked !== undefined) {
    const named = voters.find(({ id }) => id === asked.target);
    return (
      named ?? hold(policy, [because('TARGET_UNKNOWN', 'which member’s volume is to be let go of has to be said')])
    );
  }
  const silent = voters.filter(({ reachable, agent }) => !reachable && agent === undefined);
  const inPods = silent.filter(({ name }) => set.pods.some((pod) => pod.name === name));
  const [first] = inPods.toSorted((a, b) => Number(isGone(set, b)) - Number(isGone(set, a)));
  return first ?? holdOf(strandedPods(set, state));
}

/** @param stranded pods that no agent brings up elsewhere: a person is told of them */
function holdOf(stranded: readonly Reason[]): Decision {
  return isSome(stranded)
    ? hold(policy, stranded, true)
    : hold(policy, [because('ALL_WELL', 'no member of a pod is gone together with its agent')]);
}

/**
 * Pods on a node that is gone whose member is no voter: a learner that was never started, or none at all. Nobody says how long these have been silent, and
 * there is no member to be replaced.
 */
function strandedPods({ pods }: PodSetView, state: ClusterState): readonly Reason[] {
  const voters = new Set(votersOf(state).map(({ name }) => name));
  const withAgent = new Set([
    ...state.members.filter(({ agent, reachable }) => reachable || agent !== undefined).map(({ name }) => name),
    ...state.candidates.map(({ agent }) => agent.member),
  ]);
  return pods.flatMap(({ name, found, node }) => {
    if (node?.verdict !== 'gone' || found?.isReady === true || voters.has(name) || withAgent.has(name)) return [];
    const message = `the pod ${name}, whose member is no voter, waits for a volume on a node that is gone (${node.proof}): once its claim and the pod are deleted by hand, it comes up elsewhere`;
    return [because('POD_NODE_GONE', message)];
  });
}

function isGone(set: PodSetView, { name }: MemberState): boolean {
  return nodeOf(set, name)?.verdict === 'gone';
}

function nodeOf({ pods }: PodSetView, name: string): NonNullable<PodSetView['pods'][number]['node']> | undefined {
  return pods.find((pod) => pod.name === name)?.node;
}

/**
 * The state as it is without other voters whose nodes are gone too, and which are dead: they make letting go of a volume no more dangerous, since that
 * takes away no vote. Each would wait for the other for ever. Whether there is a quorum is told from all voters.
 */
function withoutOtherGone(
  state: ClusterState,
  set: PodSetView,
  settings: DecideSettings,
  exceptId: string,
): ClusterState {
  const isOtherGone = (member: MemberState): boolean =>
    member.id !== exceptId && member.agent === undefined && isGone(set, member) && isDead(member, settings);
  return { ...state, members: state.members.filter((member) => !isOtherGone(member)) };
}

function decideOn(
  victim: MemberState,
  set: PodSetView,
  state: ClusterState,
  settings: DecideSettings,
  asked: Asked | undefined,
): Decision {
  const { id, name } = victim;
  const node = nodeOf(set, name);
  const trouble: readonly Reason[] = [
    ...(victim.reachable ? [because('TARGET_UNFIT', `${name} answers`)] : []),
    ...(victim.agent === undefined
      ? []
      : [because('TARGET_UNFIT', `an agent is beside ${name}, which can start it anew`)]),
    ...(isDead(victim, settings) ? [] : [because('NOT_DEAD_YET', deadText(victim, settings))]),
    ...(node?.verdict === 'gone'
      ? []
      : [because('NODE_NOT_GONE', node?.message ?? `nothing is known of the node of ${name}`)]),
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...votersWell(withoutOtherGone(state, set, settings, id), id).map(({ message }) =>
      because('SECOND_FAILURE', message),
    ),
  ];
  if (isSome(trouble) || node?.verdict !== 'gone') {
    return hold(policy, isSome(trouble) ? trouble : [because('ALL_WELL', 'there is nothing to let go of')]);
  }
  const why = because(
    'NODE_GONE',
    `${deadText(victim, settings)}, and its volume is on a node that is gone: ${node.proof}`,
  );
  return act(policy, [why], { targets: [id], parameters: { member: id, pod: name } }, asked);
}
