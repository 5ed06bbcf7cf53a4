import type { Decision, Reason } from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import { clusterTrouble, defragTrouble, nospaceRaised, votersWell } from './fitness.ts';
import {
  type Bringer,
  candidateBringers,
  type FittingVersions,
  fittingVersions,
  foreignLearners,
  mixedVersions,
  notSupervised,
  ownBringer,
  ownLearners,
  precautionsOf,
  roomFor,
  sizeWarnings,
  unfitToBring,
} from './membership.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';

const policy = 'join';

/** Who is to be taken in, and as which learner where an earlier operation has listed it already. */
interface Newcomer extends Bringer {
  readonly learnerId?: string;
}

/**
 * Takes a new member in, one at a time and with every voter well: an agent whose member is in no list and is to be, or a
 * learner that an earlier operation of the agents has left.
 */
export const joinPolicy: Policy = (state, _settings, asked) => {
  const unsupervised = notSupervised(state);
  if (isSome(unsupervised)) return hold(policy, unsupervised);
  const newcomer = newcomerOf(state, asked);
  if ('code' in newcomer) return hold(policy, [newcomer], isStuck(state));
  // A learner that is left makes the cluster whole again; to become larger can wait.
  const [mixed] = newcomer.learnerId === undefined ? mixedVersions(state) : [];
  const fitting = mixed ?? fittingVersions(state);
  const trouble = [
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...foreignLearners(state),
    ...('code' in fitting ? [fitting] : []),
    ...votersWell(state),
    ...defragTrouble(state),
  ];
  if (isSome(trouble)) {
    const page = trouble.some(({ code }) => code === 'FOREIGN_LEARNER' || code === 'VERSION_SKEW');
    return hold(policy, trouble, page);
  }
  if ('code' in fitting) return hold(policy, [fitting]);
  return takeIn(newcomer, fitting, state, asked);
};

function newcomerOf(state: ClusterState, asked: Asked | undefined): Newcomer | Reason {
  const left = leftLearner(state);
  if (left !== undefined) return left;
  const [stuck] = ownLearners(state);
  if (stuck !== undefined) {
    return because(
      'LEARNER_PRESENT',
      `${stuck.name} is a learner that the agents have added, and no agent is there to start it`,
    );
  }
  const wanted = candidateBringers(state).filter(
    ({ agentId }) => asked?.target === undefined || agentId === asked.target,
  );
  const free = wanted.filter(({ peerUrls }) => takenBy(state, peerUrls) === undefined);
  const [first] = free;
  if (first !== undefined) return first;
  if (asked?.target !== undefined && !state.candidates.some(({ agent }) => agent.memberId === asked.target)) {
    return because('TARGET_UNKNOWN', `no agent waits to be taken in as ${asked.target}`);
  }
  const [taken] = wanted;
  if (taken !== undefined) {
    const message = `${taken.name} wants to be taken in under a peer URL under which ${takenBy(state, taken.peerUrls)} is listed`;
    return because('PEER_URL_TAKEN', message);
  }
  const unfit = state.candidates.flatMap(({ agent, observed }) => {
    const why = unfitToBring(agent, observed);
    return why === undefined ? [] : [`${agent.member} ${why}`];
  });
  return unfit.length > 0
    ? because('CANDIDATE_UNFIT', unfit.join('; '))
    : because('NO_CANDIDATE', 'no agent wants its member to be taken in');
}

/** A learner of the agents' own, with the agent that goes on with it: beside it already, or still a candidate. */
function leftLearner(state: ClusterState): Newcomer | undefined {
  for (const learner of ownLearners(state)) {
    const beside = ownBringer(learner);
    const waiting = candidateBringers(state).find(({ peerUrls }) =>
      peerUrls.some((url) => learner.peerUrls.includes(url)),
    );
    const bringer = beside ?? waiting;
    if (bringer !== undefined) return { ...bringer, peerUrls: learner.peerUrls, learnerId: learner.id };
  }
  return undefined;
}

function isStuck(state: ClusterState): boolean {
  return ownLearners(state).length > 0;
}

function takenBy({ members }: ClusterState, peerUrls: readonly string[]): string | undefined {
  return members.find((member) => member.peerUrls.some((url) => peerUrls.includes(url)))?.name;
}

function takeIn(newcomer: Newcomer, fitting: FittingVersions, state: ClusterState, asked: Asked | undefined): Decision {
  const { name, agentId, peerUrls, learnerId } = newcomer;
  const why =
    learnerId === undefined
      ? because('CANDIDATE_WAITS', `${name} is to be taken in under ${peerUrls.join(', ')}`)
      : because('LEARNER_LEFT', `${name} is listed as a learner by an earlier operation, and is to become a voter`);
  const parameters = {
    name,
    agentId,
    peerUrls,
    needBytes: roomFor(state),
    ...fitting,
    ...(learnerId === undefined ? {} : { learnerId }),
  };
  const reasons = [...sizeWarnings(state.voters + 1), ...precautionsOf(state)];
  return act(policy, [why, ...reasons], { targets: [agentId], parameters }, asked);
}
