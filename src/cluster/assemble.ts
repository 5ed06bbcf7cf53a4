import { findingsOf } from './cluster-findings.ts';
import {
  type ClusterReplies,
  displayName,
  type EndpointReply,
  type ListedPeer,
  statusRefusal,
} from './cluster-replies.ts';
import { quorumSize } from './quorum.ts';
import type { ActiveAlarm, ClusterMember, ClusterSection, MemberStatus } from './sections.ts';

/**
 * Puts the member list and the replies of one round together. A reply counts for the member whose id it carries, never
 * for the one whose URL was asked: behind a load balancer or a shared advertised URL any member may have answered.
 */
export function assembleCluster(input: ClusterReplies): ClusterSection {
  const alarms = input.alarms ?? [];
  const statusById = new Map(
    input.replies.flatMap(({ status }) =>
      status === undefined || status.clusterId !== input.clusterId ? [] : [[status.memberId, status] as const],
    ),
  );
  const statuses = [...statusById.values()];
  const highestIndex = highest(statuses.map(({ raftIndex }) => raftIndex));
  const highestRevision = highest(statuses.map(({ revision }) => revision));
  const corrupt = new Set(alarms.filter(({ alarm }) => alarm === 'CORRUPT').map(({ memberId }) => memberId));

  const members = input.listed.map((listed): ClusterMember => {
    const status = statusById.get(listed.id);
    const base = { ...listed, reachable: status !== undefined };
    if (status === undefined) {
      const fault = faultFor(listed, input.replies);
      const refused = fault.code === statusRefusal;
      return { ...base, reachable: refused, healthy: refused && input.linearizable, fault };
    }
    return {
      ...base,
      status,
      raftIndexLagEntries: highestIndex - status.raftIndex,
      revisionLag: highestRevision - status.revision,
      healthy: status.leaderId !== '0' && !corrupt.has(listed.id),
    };
  });
  const voters = members.filter(({ isLearner }) => !isLearner);
  const leaderId = agreedLeader(statuses);
  return {
    clusterId: input.clusterId,
    linearizable: input.linearizable,
    members,
    alarms: alarms.map((alarm): ActiveAlarm => {
      const member = input.listed.find(({ id }) => id === alarm.memberId);
      // Etcd raises CORRUPT for member 0 where it cannot tell whose data are wrong.
      const unlisted = alarm.memberId === '0' ? 'unknown' : alarm.memberId;
      return { ...alarm, member: member === undefined ? unlisted : displayName(member) };
    }),
    voters: voters.length,
    learners: members.length - voters.length,
    votersReachable: voters.filter(({ reachable }) => reachable).length,
    quorumSize: quorumSize(voters.length),
    ...(statuses.length === 0 ? {} : { raftTerm: highest(statuses.map(({ raftTerm }) => raftTerm)) }),
    ...(leaderId === undefined ? {} : { leaderId }),
    findings: findingsOf(input, members, statuses),
  };
}

function highest(values: readonly bigint[]): bigint {
  let most = 0n;
  for (const value of values) {
    if (value > most) {
      most = value;
    }
  }
  return most;
}

/** The leader that every member with a leader in the highest term names; undefined while they disagree. */
function agreedLeader(statuses: readonly MemberStatus[]): string | undefined {
  const term = highest(statuses.map(({ raftTerm }) => raftTerm));
  const named = new Set(
    statuses.filter(({ raftTerm, leaderId }) => raftTerm === term && leaderId !== '0').map(({ leaderId }) => leaderId),
  );
  return named.size === 1 ? [...named][0] : undefined;
}

function faultFor(
  listed: ListedPeer,
  replies: readonly EndpointReply[],
): { readonly code: string; readonly message: string } {
  if (listed.name === '') {
    return { code: 'MEMBER_NEVER_STARTED', message: 'It is in the member list and has never been started.' };
  }
  const own = replies.filter(({ endpoint }) => listed.clientUrls.includes(endpoint));
  const failed = own.find(({ fault }) => fault !== undefined)?.fault;
  if (failed !== undefined) {
    return failed;
  }
  const other = own.find(({ status }) => status !== undefined);
  return other?.status === undefined
    ? { code: 'MEMBER_HAS_NO_URL', message: 'It advertises no client URL that could be asked.' }
    : {
        code: 'ETCD_WRONG_MEMBER',
        message: `Its URL ${other.endpoint} was answered by the member ${other.status.memberId}.`,
      };
}
