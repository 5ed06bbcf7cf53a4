import type { BackupView } from '../cluster/backup-view.ts';
import type { LastGaspView } from '../cluster/last-gasp-view.ts';
import type { Fault, Observation, SectionName } from '../cluster/observation.ts';
import type { OwnMemberView } from '../cluster/own-member.ts';
import { faultTolerance } from '../cluster/quorum.ts';
import type { RecoveryView } from '../cluster/recovery-view.ts';
import type { ActiveAlarm, ClusterMember, ClusterSection, MemberState, QuotaSection } from '../cluster/sections.ts';
import { type CollectorFinding, findingsOf } from './findings.ts';
import { type StatusCaretaking, statusCaretaking } from './status-caretaking.ts';

/** What a member is in the cluster, as far as is known. `unstarted`: listed, but it never joined. */
type MemberRole = 'leader' | 'follower' | 'learner' | 'unstarted' | 'unknown';

/** One member, as a table of the cluster shows it. */
export interface StatusMember {
  readonly id: string;
  /** Empty until it has been started once. */
  readonly name: string;
  /** The agent that answers stands beside it. */
  readonly own: boolean;
  readonly role: MemberRole;
  readonly voter: boolean;
  readonly reachable: boolean;
  readonly healthy: boolean;
  /** Why it is not reachable. */
  readonly fault?: { readonly code: string; readonly message: string };
  readonly version?: string;
  readonly revision?: bigint;
  readonly revisionLag?: bigint;
  readonly raftIndex?: bigint;
  readonly raftIndexLagEntries?: bigint;
  readonly dbSizeBytes?: number;
  readonly dbSizeInUseBytes?: number;
  readonly clientUrls: readonly string[];
  readonly peerUrls: readonly string[];
}

/** The cluster in one view: the reply of `GET /api/v1/status`, and what the command `status` prints. */
export interface Status extends StatusCaretaking {
  readonly agent: {
    readonly version: string;
    readonly member: string;
    /** When the newest round ended, ISO 8601 in UTC; absent before the first. */
    readonly observedAt?: string;
    readonly rounds: number;
  };
  readonly cluster: {
    /** The configured name. */
    readonly name: string;
    readonly id?: string;
    readonly raftTerm?: bigint;
    /** The raft leader on which the reachable members agree. */
    readonly leader?: { readonly id: string; readonly name: string };
    /** A quorum confirmed the member list; else it is from the memory of a member, or of the agent. */
    readonly linearizable?: boolean;
    /** Where the list is from the agent's memory: seconds since a member last gave it. */
    readonly listAgeSeconds?: number;
  };
  /** Absent while the member list is not known. */
  readonly quorum?: {
    readonly voters: number;
    readonly learners: number;
    readonly votersReachable: number;
    readonly size: number;
    readonly holds: boolean;
    /** Voters that may still be lost; 0 also when quorum is lost. */
    readonly faultTolerance: number;
  };
  readonly ownMember?: { readonly state: MemberState; readonly summary: string };
  readonly members: readonly StatusMember[];
  readonly alarms: readonly ActiveAlarm[];
  /** Of the own member. */
  readonly quota?: QuotaSection;
  /** Percentiles of the last interval at the own member. */
  readonly latency?: { readonly walFsyncP99Seconds?: number; readonly backendCommitP99Seconds?: number };
  /** The gravest first. */
  readonly findings: readonly CollectorFinding[];
  /** Collectors whose newest reading failed. */
  readonly faults: readonly (Fault & { readonly collector: SectionName })[];
  /** As this agent sees them; absent where none are configured. */
  readonly backups?: BackupView;
  /** Absent where this agent keeps nothing of its member when the quorum is lost. */
  readonly lastGasp?: LastGaspView;
  /** What this agent says of the process and the data of its member; absent where it only watches. */
  readonly own?: OwnMemberView;
  /** How this agent stands to a lost quorum; absent where it only watches. */
  readonly recovery?: RecoveryView;
}

/** Pure: everything in it comes from the observation, and what is not known is absent. */
export function statusOf(observation: Observation): Status {
  const { sections } = observation;
  const cluster = sections.cluster?.value;
  const own = sections.member?.value;
  const quota = sections.quota?.value;
  const wal = sections.wal?.value;
  return {
    agent: {
      version: observation.agentVersion,
      member: observation.member,
      rounds: observation.rounds,
      ...(observation.rounds === 0 ? {} : { observedAt: new Date(observation.observedAtMs).toISOString() }),
    },
    cluster: { name: observation.cluster, ...(cluster === undefined ? {} : clusterFacts(cluster)) },
    ...(cluster === undefined ? {} : { quorum: quorumOf(cluster) }),
    ...(own === undefined ? {} : { ownMember: { state: own.state, summary: own.summary } }),
    members: cluster?.members.map((member) => statusMember(member, cluster, observation)) ?? [],
    alarms: cluster?.alarms ?? [],
    ...(quota === undefined ? {} : { quota }),
    ...(wal === undefined ? {} : { latency: present(wal, ['walFsyncP99Seconds', 'backendCommitP99Seconds']) }),
    findings: findingsOf(observation),
    faults: faultsOf(observation),
    ...statusCaretaking(observation.caretaking, cluster?.members ?? []),
    ...present(observation, ['backups', 'lastGasp', 'own', 'recovery']),
  };
}

function clusterFacts(cluster: ClusterSection): Omit<Status['cluster'], 'name'> {
  const leader = cluster.members.find(({ id }) => id === cluster.leaderId);
  return {
    id: cluster.clusterId,
    linearizable: cluster.linearizable,
    ...present(cluster, ['raftTerm', 'listAgeSeconds']),
    ...(leader === undefined ? {} : { leader: { id: leader.id, name: leader.name } }),
  };
}

/** Voters that answer clients make a quorum only while they reach each other: they confirm the list, or name a leader. */
export function quorumOf(cluster: ClusterSection): NonNullable<Status['quorum']> {
  const { voters, learners, votersReachable, quorumSize, linearizable, leaderId } = cluster;
  const tolerance = faultTolerance(voters, votersReachable);
  const holds = tolerance >= 0 && (linearizable || leaderId !== undefined);
  return {
    voters,
    learners,
    votersReachable,
    size: quorumSize,
    holds,
    faultTolerance: holds ? tolerance : 0,
  };
}

function statusMember(member: ClusterMember, cluster: ClusterSection, observation: Observation): StatusMember {
  const { status, fault } = member;
  const ownId = observation.sections.member?.value?.status.memberId;
  return {
    id: member.id,
    name: member.name,
    own: ownId === undefined ? member.name === observation.member : ownId === member.id,
    role: roleOf(member, cluster),
    voter: !member.isLearner,
    reachable: member.reachable,
    healthy: member.healthy,
    ...(fault === undefined ? {} : { fault }),
    ...(status === undefined
      ? {}
      : present(status, ['version', 'revision', 'raftIndex', 'dbSizeBytes', 'dbSizeInUseBytes'])),
    ...present(member, ['revisionLag', 'raftIndexLagEntries']),
    clientUrls: member.clientUrls,
    peerUrls: member.peerUrls,
  };
}

function roleOf(member: ClusterMember, { leaderId }: ClusterSection): MemberRole {
  if (member.name === '' && !member.reachable) {
    return 'unstarted';
  }
  if (member.isLearner) {
    return 'learner';
  }
  if (member.status?.isLeader === true || leaderId === member.id) {
    return 'leader';
  }
  return member.status === undefined ? 'unknown' : 'follower';
}

function faultsOf({ sections }: Observation): Status['faults'] {
  const names = Object.keys(sections) as SectionName[];
  return names.flatMap((collector) => {
    const fault = sections[collector]?.fault;
    return fault === undefined ? [] : [{ ...fault, collector }];
  });
}

/** The named properties that are there. */
function present<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  const picked: Partial<T> = {};
  for (const key of keys) {
    if (from[key] !== undefined) {
      picked[key] = from[key];
    }
  }
  return picked as Pick<T, K>;
}
