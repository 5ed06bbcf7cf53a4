import { displayName } from '../../../cluster/cluster-replies.ts';
import { faultTolerance } from '../../../cluster/quorum.ts';
import type { ClusterMember, ClusterSection } from '../../../cluster/sections.ts';
import { formatCount } from '../../units.ts';
import { type Check, found, type Line, ok, skipped } from '../check.ts';
import { clusterFindings } from '../cluster-findings.ts';

/** A follower this far behind has not caught up; etcd's own learners are promoted at about this distance. */
const lagLimitEntries = 1000n;

/** Etcd refuses proposals when it has 5000 entries to apply (`maxGapBetweenApplyAndCommitIndex`). */
const applyBacklogLimitEntries = 4000n;

/** Etcd's documentation: "the recommended etcd cluster size is 3, 5 or 7". */
const mostVoters = 7;

/** Quorum, raft leader, learners, and how far the members lie apart. */
export const membersCheck: Check = {
  group: 'members',
  examine: (facts) => {
    const cluster = facts.observation.sections.cluster?.value;
    if (cluster === undefined) return [skipped('not checked: the member list is not known')];
    return [
      ...quorum(cluster),
      ...leader(cluster),
      ...cluster.members.flatMap(unfinished),
      ...lag(cluster),
      ...clusterFindings(facts, 'members'),
    ];
  },
};

function quorum(cluster: ClusterSection): readonly Line[] {
  const { voters, votersReachable, quorumSize } = cluster;
  const tolerance = faultTolerance(voters, votersReachable);
  const numbers = `${votersReachable} of ${voters} voters answer, ${quorumSize} are needed`;
  const lines: Line[] = [];
  if (tolerance < 0 && cluster.linearizable) {
    // A quorum has confirmed the member list: those who do not answer do so to us only.
    lines.push(skipped(`a quorum answers, but from here only ${votersReachable} of ${voters} voters say how they are`));
  } else if (tolerance < 0) {
    const remedy = 'Start the missing members again: with a majority of the disks intact nothing is lost.';
    lines.push(found({ code: 'QUORUM_LOST', severity: 'critical', message: `Quorum is lost: ${numbers}.`, remedy }));
  } else if (tolerance === 0 && voters > 2) {
    const remedy = 'Bring back or replace the member that does not answer: the next loss stops all writes.';
    lines.push(found({ code: 'NO_FAULT_TOLERANCE', severity: 'critical', message: `${numbers}.`, remedy }));
  } else {
    lines.push(ok(`quorum: ${numbers}${tolerance === 0 ? '' : `, ${tolerance} may be lost`}`));
  }
  if (!cluster.linearizable && tolerance >= 0) {
    const message = 'No quorum confirmed the member list: it is from the memory of one member.';
    const remedy = 'Look at the raft leader and at the network between the members.';
    lines.push(found({ code: 'MEMBER_LIST_UNCONFIRMED', severity: 'critical', message, remedy }));
  }
  if (voters === 1) {
    const message = 'The cluster has one member: it survives no loss, and its defragmentation stops all clients.';
    lines.push(found({ code: 'SINGLE_MEMBER', severity: 'info', message, remedy: 'Add two members, if you can.' }));
  }
  if (voters > mostVoters) {
    const message = `The cluster has ${voters} voters: every write waits for ${quorumSize} of them.`;
    lines.push(found({ code: 'MANY_VOTERS', severity: 'info', message, remedy: 'Use 5 voters, or at most 7.' }));
  }
  return lines;
}

function leader({ members, leaderId, raftTerm }: ClusterSection): readonly Line[] {
  if (members.every(({ status }) => status === undefined))
    return [skipped('no member has said who the raft leader is')];
  const leading = members.find(({ id }) => id === leaderId);
  if (leading !== undefined) return [ok(`${displayName(leading)} is the raft leader, term ${raftTerm}`)];
  const remedy = 'A majority of the voters must be up and reach each other at their peer URLs.';
  return [
    found({ code: 'NO_LEADER', severity: 'critical', message: 'No raft leader is known to the members.', remedy }),
  ];
}

function unfinished(member: ClusterMember): readonly Line[] {
  if (member.name === '') {
    const message = `The member ${member.id} (${member.peerUrls.join(', ')}) was added and has never been started.`;
    const remedy = 'Start it with --initial-cluster-state existing, or remove it: it counts against the quorum.';
    return [found({ code: 'MEMBER_NEVER_STARTED', severity: 'warning', message, remedy })];
  }
  if (!member.isLearner) return [];
  const message = `${displayName(member)} is a learner: it has no vote and serves no linearizable reads.`;
  const remedy = 'Promote it when it has caught up, or remove it.';
  return [found({ code: 'LEARNER', severity: 'info', message, remedy })];
}

function lag({ members }: ClusterSection): readonly Line[] {
  const lines = members.flatMap((member): readonly Line[] => {
    const { status, raftIndexLagEntries = 0n } = member;
    if (status === undefined) return [];
    const backlog = status.raftIndex - status.raftAppliedIndex;
    const behind = found({
      code: 'RAFT_LAG',
      severity: 'warning',
      message: `${displayName(member)} is ${formatCount(raftIndexLagEntries)} entries behind in the raft log.`,
      remedy: 'Look at its disk, its CPU and the network to the raft leader.',
    });
    const late = found({
      code: 'APPLY_BACKLOG',
      severity: 'critical',
      message: `${displayName(member)} has ${formatCount(backlog)} committed entries to apply; at 5,000 etcd refuses writes.`,
      remedy: 'Look at its disk and CPU, and at large ranges or transactions that hold it up.',
    });
    return [
      ...(raftIndexLagEntries > lagLimitEntries ? [behind] : []),
      ...(backlog > applyBacklogLimitEntries ? [late] : []),
    ];
  });
  if (lines.length > 0) return lines;
  const lags = members
    .flatMap(({ raftIndexLagEntries }) => raftIndexLagEntries ?? [])
    .toSorted((a, b) => Number(b - a));
  const [most] = lags;
  return most === undefined || lags.length < 2
    ? []
    : [ok(`no member is more than ${formatCount(most)} entries behind`)];
}
