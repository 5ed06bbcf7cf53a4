import { type ClusterReplies, displayName, type ListedPeer, statusRefusal } from './cluster-replies.ts';
import type { ClusterMember, Finding, MemberStatus } from './sections.ts';

/** What people should know of a cluster beyond its figures, from what one round learned. */
export function findingsOf(
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
  const refusing = members.filter(({ fault }) => fault?.code === statusRefusal).map(displayName);
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
