import type { Decision, JournalValue, Reason } from '../cluster/caretaking.ts';
import { removalKeepsQuorum } from '../cluster/quorum.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { clusterTrouble, defragTrouble, lagTrouble, nospaceRaised, votersOf } from './fitness.ts';
import { hashesOf } from './hash-evidence.ts';
import { judgeMember } from './judge-member.ts';
import {
  type Bringer,
  backupFirst,
  candidateBringers,
  type FittingVersions,
  fittingVersions,
  foreignLearners,
  leftBehind,
  notSupervised,
  ownBringer,
  ownLearners,
  precautionsOf,
  roomFor,
  takesMemberWithVoterDown,
  unfitToBring,
} from './membership.ts';
import { type Asked, act, because, hold, isSome, type Policy, type Reasons } from './policy.ts';
import type { DecideSettings } from './settings.ts';
import { isDead } from './silence.ts';
import type { Judgement } from './verdict.ts';

const policy = 'replace';

/** From so many voters on a new one is taken in before the broken one goes. */
const ADD_FIRST_VOTERS = 5;

interface Judged {
  readonly member: MemberState;
  readonly judgement: Judgement;
}

/**
 * Replaces a broken voter: one whose own agent proves that its data are gone or corrupt, one that a majority's hashes show
 * to be wrong, or one that at least two observers have found dead for long enough; and only where an agent is there that
 * can start another one, the rest are well, and they are a majority now and afterwards.
 */
export const replacePolicy: Policy = (state, settings, asked) => {
  const unsupervised = notSupervised(state);
  if (isSome(unsupervised)) return hold(policy, unsupervised);
  const judged = votersOf(state).map((member) => ({ member, judgement: judgeMember(member, state, settings) }));
  const victim = asked === undefined ? victimOf(judged, state) : askedVictim(judged, asked);
  return 'decision' in victim ? victim : decideOn(victim, judged, state, settings, asked);
};

function askedVictim(judged: readonly Judged[], { target }: Asked): Judged | Decision {
  if (target === undefined)
    return hold(policy, [because('TARGET_UNKNOWN', 'which member is to be replaced has to be said')]);
  return (
    judged.find(({ member }) => member.id === target) ??
    hold(policy, [because('TARGET_UNKNOWN', `there is no voter ${target}`)])
  );
}

/** What is proved goes first; then whatever is left to do for a person to see. */
function victimOf(judged: readonly Judged[], state: ClusterState): Judged | Decision {
  const toReplace = judged.filter(({ judgement }) => judgement.remedy === 'replace');
  const [victim] = toReplace.toSorted((a, b) => rankOf(a) - rankOf(b));
  if (victim !== undefined) return victim;
  if (hashesOf(state).noMajority) {
    return hold(
      policy,
      [because('NO_MAJORITY', 'the newest hash check found that the members differ, and no majority agrees')],
      true,
    );
  }
  const broken = judged.filter(({ judgement }) => judgement.verdict !== 'well').map(({ judgement }) => judgement);
  const [first = { reason: because('ALL_WELL', 'every voter is well') }, ...rest] = broken.toSorted(
    (a, b) => Number(b.remedy === 'page') - Number(a.remedy === 'page'),
  );
  const page = broken.some(({ remedy, verdict }) => remedy === 'page' || verdict === 'disk-full');
  return hold(policy, [first.reason, ...rest.map(({ reason }) => reason)], page);
}

/** Those that do not answer go before those that do: what serves can wait. */
function rankOf({ member, judgement: { verdict } }: Judged): number {
  if (!member.reachable) return verdict === 'data-gone' || verdict === 'data-corrupt' ? 0 : 1;
  return 2;
}

function decideOn(
  { member, judgement }: Judged,
  judged: readonly Judged[],
  state: ClusterState,
  settings: DecideSettings,
  asked: Asked | undefined,
): Decision {
  const why: Reasons =
    asked === undefined ? [judgement.reason] : [because('REQUESTED', `${member.name} is to be replaced`)];
  const backup = backupFirst(state, settings);
  const bringer = bringerFor(member, state, settings);
  const fitting = fittingVersions(state, member);
  const risks = [
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...foreignLearners(state),
    ...ownLearners(state).map(({ name }) =>
      because('LEARNER_PRESENT', `${name} is still a learner, and is taken in first`),
    ),
    ...('code' in fitting ? [fitting] : []),
    // A person may have seen to it: its agent looks before anything is changed.
    ...(asked === undefined && 'name' in bringer && bringer.name === member.name ? leftBehind(member, state) : []),
    ...secondFailure(member, judged),
    ...quorumRisk(member, state, asked),
    ...lagTrouble(state, member.id),
    ...defragTrouble(state),
    ...('code' in backup ? [backup] : []),
    ...('code' in bringer ? [bringer] : []),
  ];
  if (isSome(risks)) {
    const page = risks.some(({ code }) => PAGED.has(code));
    return hold(policy, [risks[0], ...risks.slice(1), ...why], page);
  }
  if ('code' in backup || 'code' in bringer || 'code' in fitting) return hold(policy, why);
  const { snapshot } = backup;
  const plan = parametersOf(member, { bringer, fitting, snapshot, byHash: member.reachable }, state, asked);
  const precautions = precautionsOf(state);
  // An agent that is named there keeps the id under which it is asked until the operation has ended.
  const targets = [...new Set([member.id, bringer.agentId])];
  return act(policy, [...why, ...precautions], { targets, parameters: plan }, asked);
}

/** Nobody but a person gets on from these. */
const PAGED: ReadonlySet<string> = new Set([
  'CORRUPT_ALARM',
  'FOREIGN_LEARNER',
  'NO_BACKUP',
  'NO_REPLACEMENT',
  'QUORUM_AT_RISK',
  'SECOND_FAILURE',
  'VERSION_SKEW',
]);

function secondFailure(victim: MemberState, judged: readonly Judged[]): readonly Reason[] {
  return judged
    .filter(({ member }) => member.id !== victim.id && !(member.reachable && member.healthy))
    .map(({ member, judgement }) =>
      because('SECOND_FAILURE', `${member.name} is not well either: ${judgement.reason.message}`),
    );
}

function quorumRisk(victim: MemberState, state: ClusterState, asked: Asked | undefined): readonly Reason[] {
  const wellOthers = votersOf(state).filter(
    ({ id, reachable, healthy }) => id !== victim.id && reachable && healthy,
  ).length;
  const risk = removalKeepsQuorum({
    voters: state.voters,
    wellOthers,
    isVoter: true,
    isWell: victim.reachable && victim.healthy,
    byPerson: asked !== undefined,
  });
  return risk === undefined ? [] : [because('QUORUM_AT_RISK', `without ${victim.name} ${risk}`)];
}

/** Its own agent where that can start it anew; else a candidate, first the one that stands in its place. */
function bringerFor(victim: MemberState, state: ClusterState, settings: DecideSettings): Bringer | Reason {
  const own = ownBringer(victim);
  if (own !== undefined) return own;
  const taken = new Set(state.members.filter(({ id }) => id !== victim.id).flatMap(({ peerUrls }) => peerUrls));
  const free = candidateBringers(state).filter(({ peerUrls }) => peerUrls.every((url) => !taken.has(url)));
  const inPlace = free.find(
    ({ name, peerUrls }) => name === victim.name || peerUrls.some((url) => victim.peerUrls.includes(url)),
  );
  const [bringer] = inPlace === undefined ? free : [inPlace];
  if (bringer !== undefined) return bringer;
  const why = unfitToBring(victim.agent, victim.observed) ?? 'has an agent whose word is too old';
  const since = isDead(victim, settings) ? ', and its machine may be gone' : '';
  return because('NO_REPLACEMENT', `${victim.name} ${why}${since}; no candidate is there to take its place`);
}

function parametersOf(
  victim: MemberState,
  {
    bringer,
    fitting,
    snapshot,
    byHash,
  }: { bringer: Bringer; fitting: FittingVersions; snapshot: boolean; byHash: boolean },
  state: ClusterState,
  asked: Asked | undefined,
): Readonly<Record<string, JournalValue>> {
  const sameUrl = bringer.peerUrls.some((url) => victim.peerUrls.includes(url));
  // Its own agent moves the old data away first, which nobody does as long as they have a vote.
  const isOwn = bringer.agentId === victim.agent?.memberId;
  const addFirst = state.voters >= ADD_FIRST_VOTERS && !sameUrl && !isOwn && takesMemberWithVoterDown(state);
  return {
    victim: victim.id,
    victimName: victim.name,
    name: bringer.name,
    agentId: bringer.agentId,
    peerUrls: bringer.peerUrls,
    needBytes: roomFor(state),
    ...fitting,
    snapshot,
    order: addFirst ? 'add-first' : 'remove-first',
    evenIfWell: byHash || asked !== undefined,
    ...(victim.agent === undefined ? {} : { victimAgentId: victim.agent.memberId }),
  };
}
