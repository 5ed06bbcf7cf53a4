import type { Reason } from '../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { formatCount, formatLatency, formatSpan } from '../cluster/units.ts';
import { clusterTrouble, freshOf, MOST_LAG_ENTRIES, nospaceRaised, settling, votersOf } from './fitness.ts';
import { endedOf, sinceMs } from './past.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';
import type { DecideSettings } from './settings.ts';

const policy = 'move-leader';

/** What the raft leader is slow at: its disk, or its link. */
type Slowness = 'fsync' | 'rtt';

/**
 * Moves the raft leadership off a member whose disk or link has been clearly the worst for some rounds, to the voter
 * that has the best disk of those that may lead: caught up, with an agent, no arbiter, and itself clearly better.
 */
export const moveLeaderPolicy: Policy = (state, settings, asked) => {
  const leader = votersOf(state).find(({ id }) => id === state.leaderId);
  const slow = slownessOf(state, settings);
  if (asked === undefined && (slow === undefined || leader === undefined)) {
    return hold(
      policy,
      leader === undefined ? noLeader(state) : [because('LEADER_FINE', fineSentence(state, settings))],
    );
  }
  const trouble = [...clusterTrouble(state), ...nospaceRaised(state), ...settling(state, settings.settleMs)];
  if (isSome(trouble)) return hold(policy, trouble);
  if (leader === undefined) return hold(policy, noLeader(state));
  const cooling = asked === undefined ? coolingDown(state, settings) : [];
  if (isSome(cooling)) return hold(policy, cooling);
  const target = targetOf(state, leader, settings, asked, slow);
  if ('code' in target) return hold(policy, [target]);
  const parameters = { from: leader.id, to: target.id };
  return act(
    policy,
    [because(slow === undefined ? 'REQUESTED' : 'LEADER_SLOW', slowSentence(leader, target, slow))],
    { targets: [target.id], parameters },
    asked,
  );
};

/** Disks first: they are the commoner cause, and the better known one. */
function slownessOf({ leaderWorstRounds: rounds }: ClusterState, { moveLeader }: DecideSettings): Slowness | undefined {
  if ((rounds?.fsync ?? 0) >= moveLeader.rounds) return 'fsync';
  return (rounds?.rtt ?? 0) >= moveLeader.rounds ? 'rtt' : undefined;
}

function noLeader(state: ClusterState): readonly [Reason] {
  const message =
    state.leaderId === undefined
      ? 'the members agree on no raft leader'
      : `${state.leaderId}, the raft leader, is not in the list`;
  return [because('NO_RAFT_LEADER', message)];
}

function targetOf(
  state: ClusterState,
  leader: MemberState,
  settings: DecideSettings,
  asked: Asked | undefined,
  slow: Slowness | undefined,
): Reason | MemberState {
  const others = state.members.filter(({ id }) => id !== leader.id);
  if (asked?.target !== undefined) {
    if (asked.target === leader.id) return because('ALREADY_LEADER', `${leader.name} is the raft leader already`);
    const wanted = others.find(({ id }) => id === asked.target);
    if (wanted === undefined) return because('TARGET_UNKNOWN', `no member has the id ${asked.target}`);
    return unfit(wanted) ?? wanted;
  }
  const judged = others.map((member) => ({
    member,
    reason: unfit(member) ?? (asked === undefined ? noBetter(member, leader, slow, settings) : undefined),
  }));
  const [best] = judged
    .filter(({ reason }) => reason === undefined)
    .map(({ member }) => member)
    .toSorted((a, b) => fsyncRank(a) - fsyncRank(b));
  const said = judged.flatMap(({ reason }) => reason?.message ?? []).join('; ');
  return best ?? because('NO_BETTER_VOTER', said === '' ? 'there is no other voter' : said);
}

/** Why a member may not lead at all. */
function unfit(member: MemberState): Reason | undefined {
  const { name, isLearner, reachable, healthy, lagEntries, agent } = member;
  const why = isLearner
    ? 'is a learner'
    : agent === undefined
      ? 'has no agent'
      : agent.role === 'arbiter'
        ? 'is an arbiter'
        : !reachable
          ? 'does not answer'
          : !healthy
            ? 'is not healthy'
            : lagEntries === undefined
              ? 'does not say how far behind it is'
              : lagEntries > MOST_LAG_ENTRIES
                ? `lags ${formatCount(lagEntries)} entries`
                : undefined;
  return why === undefined ? undefined : because('TARGET_UNFIT', `${name} ${why}`);
}

/** Why the cluster would not be clearly better off with it. */
function noBetter(
  member: MemberState,
  leader: MemberState,
  slow: Slowness | undefined,
  { moveLeader: { factor } }: DecideSettings,
): Reason | undefined {
  const [theirs, ours] = slow === 'rtt' ? [rttOf(member), rttOf(leader)] : [fsyncOf(member), fsyncOf(leader)];
  if (theirs === undefined || ours === undefined) {
    return because('NO_BETTER_VOTER', `how fast ${member.name} is, is not known`);
  }
  return theirs * factor > ours
    ? because('NO_BETTER_VOTER', `${member.name} takes ${formatLatency(theirs)} too`)
    : undefined;
}

function coolingDown({ history, nowMs }: ClusterState, { moveLeader }: DecideSettings): readonly Reason[] {
  const last = endedOf(history, policy)[0];
  const agoMs = last === undefined ? Number.POSITIVE_INFINITY : sinceMs(nowMs, last.endedAtMs);
  if (agoMs >= moveLeader.coolDownMs) return [];
  const message = `the raft leader was moved ${formatSpan(agoMs / 1000)} ago, and ${formatSpan(moveLeader.coolDownMs / 1000)} lie between two moves`;
  return [because('COOLING_DOWN', message)];
}

const fsyncOf = (member: MemberState): number | undefined => freshOf(member)?.walFsyncP99Seconds;
const rttOf = (member: MemberState): number | undefined => freshOf(member)?.quorumRttSeconds;
const fsyncRank = (member: MemberState): number => fsyncOf(member) ?? Number.MAX_VALUE;

function fineSentence({ leaderWorstRounds: rounds }: ClusterState, { moveLeader }: DecideSettings): string {
  const seen = Math.max(rounds?.fsync ?? 0, rounds?.rtt ?? 0);
  return seen === 0
    ? 'the raft leader is not clearly slower than the other voters'
    : `the raft leader has been the slowest by far for ${seen} rounds of ${moveLeader.rounds}`;
}

function slowSentence(leader: MemberState, target: MemberState, slow: Slowness | undefined): string {
  if (slow === undefined) return `the raft leadership goes from ${leader.name} to ${target.name}`;
  const of = slow === 'rtt' ? rttOf : fsyncOf;
  const what = slow === 'rtt' ? 'a round trip to a quorum' : 'an fsync of the WAL (p99)';
  const took = (member: MemberState): string => {
    const seconds = of(member);
    return seconds === undefined ? 'an unknown time' : formatLatency(seconds);
  };
  return `${what} takes ${took(leader)} on ${leader.name}, the raft leader, and ${took(target)} on ${target.name}`;
}
