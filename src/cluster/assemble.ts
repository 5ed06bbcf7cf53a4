import { quorumSize } from './quorum.ts';
import type { ActiveAlarm, ClusterMember, ClusterSection, Finding, MemberStatus } from './sections.ts';

/** A member as the member list has it. */
export interface ListedPeer {
  readonly id: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** What one endpoint answered to Status: a status, or why there is none. */
export interface EndpointReply {
  readonly endpoint: string;
  readonly status?: MemberStatus;
  readonly fault?: { readonly code: string; readonly message: string };
}

/** Everything that one round learned of the cluster. */
export interface ClusterReplies {
  /** Name of the own member, where it did not answer. */
  readonly silentMember?: string;
  readonly clusterId: string;
  readonly linearizable: boolean;
  readonly listed: readonly ListedPeer[];
  readonly replies: readonly EndpointReply[];
  /** Absent when no member could be asked for them. */
  readonly alarms?: readonly { readonly memberId: string; readonly alarm: 'NOSPACE' | 'CORRUPT' }[];
}

/** The name that people know a member by: its own, or its id until it has been started once. */
export function displayName(member: { readonly id: string; readonly name: string }): string {
  return member.name === '' ? member.id : member.name;
}

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
      const refused = fault.code === refusal;
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
      return { ...alarm, member: member === undefined ? alarm.memberId : displayName(member) };
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

/** The fault of a member that answers but gives its status to the root role only, as 3.5.28 to 3.5.31 do: it is not down. */
const refusal = 'ETCD_PERMISSION_DENIED';

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

function findingsOf(
  input: ClusterReplies,
  members: readonly ClusterMember[],
  statuses: readonly MemberStatus[],
): readonly Finding[] {
  return [
    ...wrongMembers(input),
    ...sharedUrls(input.listed),
    ...foreignClusters(input),
    ...removedMember(input),
    ...refusedStatus(members),
    ...unknownAlarms(input),
    ...leaderDispute(statuses),
    ...mixedVersions(statuses),
    ...evenVoters(members),
  ];
}

function wrongMembers({ listed, replies }: ClusterReplies): readonly Finding[] {
  return listed.flatMap((member) =>
    replies
      .filter(({ endpoint, status }) => member.clientUrls.includes(endpoint) && status !== undefined)
      .filter(({ status }) => status?.memberId !== member.id)
      .map(({ endpoint, status }) => ({
        code: 'ETCD_WRONG_MEMBER',
        severity: 'warning' as const,
        message: `${displayName(member)} advertises ${endpoint}, but the member ${status?.memberId} answers there.`,
        remedy: 'Let every member advertise a URL of its own (--advertise-client-urls), not a load balancer.',
      })),
  );
}

function sharedUrls(listed: readonly ListedPeer[]): readonly Finding[] {
  const owners = new Map<string, string[]>();
  for (const member of listed) {
    for (const url of member.clientUrls) {
      owners.set(url, [...(owners.get(url) ?? []), displayName(member)]);
    }
  }
  return [...owners]
    .filter(([, names]) => names.length > 1)
    .map(([url, names]) => ({
      code: 'SHARED_CLIENT_URL',
      severity: 'warning' as const,
      message: `${names.join(', ')} advertise the same client URL ${url}.`,
      remedy: 'Let every member advertise a URL of its own (--advertise-client-urls).',
    }));
}

function foreignClusters({ clusterId, replies }: ClusterReplies): readonly Finding[] {
  return replies
    .filter(({ status }) => status !== undefined && status.clusterId !== clusterId)
    .map(({ endpoint, status }) => ({
      code: 'FOREIGN_CLUSTER',
      severity: 'critical' as const,
      message: `${endpoint} belongs to the cluster ${status?.clusterId}, not to ${clusterId}.`,
      remedy: 'Correct cluster.endpoints, or find out how two clusters came to share this address.',
    }));
}

function removedMember({ silentMember, linearizable, listed }: ClusterReplies): readonly Finding[] {
  // A member that has never been started has no name in the list yet.
  if (silentMember === undefined || !linearizable || listed.some(({ name }) => name === '' || name === silentMember)) {
    return [];
  }
  return [
    {
      code: 'MEMBER_NOT_LISTED',
      severity: 'critical',
      message: `${silentMember} does not answer, and it is not in the member list that a quorum confirmed: it was removed.`,
      remedy:
        'It cannot be started again as it is: put its data dir aside and add it anew (etcdctl member add). If nobody removed it, correct member.name.',
    },
  ];
}

function refusedStatus(members: readonly ClusterMember[]): readonly Finding[] {
  const refusing = members.filter(({ fault }) => fault?.code === refusal).map(displayName);
  return refusing.length === 0
    ? []
    : [
        {
          code: 'STATUS_REFUSED',
          severity: 'warning',
          message: `${refusing.join(', ')} will not say their status to the agent's user: version, lag and leader are not known.`,
          remedy: 'Give the user the root role, or upgrade etcd: 3.5.28 to 3.5.31 ask for it.',
        },
      ];
}

function unknownAlarms({ alarms }: ClusterReplies): readonly Finding[] {
  return alarms !== undefined
    ? []
    : [
        {
          code: 'ALARMS_UNKNOWN',
          severity: 'warning',
          message: 'No member said its status, so whether an alarm is raised is not known.',
          remedy: 'See why the members do not say their status; until then ask with etcdctl alarm list.',
        },
      ];
}

function leaderDispute(statuses: readonly MemberStatus[]): readonly Finding[] {
  const named = [...new Set(statuses.map(({ leaderId }) => leaderId))].filter((id) => id !== '0');
  return named.length < 2
    ? []
    : [
        {
          code: 'LEADER_DISPUTED',
          severity: 'warning',
          message: `The members name different raft leaders: ${named.join(', ')}.`,
          remedy: 'An election may be under way; if it stays so, look for a partition between the members.',
        },
      ];
}

function mixedVersions(statuses: readonly MemberStatus[]): readonly Finding[] {
  const versions = [...new Set(statuses.map(({ version }) => version))].sort();
  return versions.length < 2
    ? []
    : [
        {
          code: 'MIXED_VERSIONS',
          severity: 'info',
          message: `The members run different versions: ${versions.join(', ')}.`,
          remedy: 'Finish the upgrade; a cluster should not stay mixed.',
        },
      ];
}

function evenVoters(members: readonly ClusterMember[]): readonly Finding[] {
  const voters = members.filter(({ isLearner }) => !isLearner).length;
  return voters % 2 === 1
    ? []
    : [
        {
          code: 'EVEN_VOTERS',
          severity: 'info',
          message: `${voters} voters survive no more losses than ${voters - 1} would.`,
          remedy: 'Run an odd number of voters.',
        },
      ];
}
