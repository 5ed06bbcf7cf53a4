import type { AgentSight } from './agent-sight.ts';
import type {
  AgentRecord,
  ArmedRecord,
  HistoryEntry,
  LeaderRecord,
  OperationVersions,
  PauseRecord,
  RequestRecord,
  Slot,
  UnreadableKey,
} from './caretaking.ts';
import { displayName } from './cluster-replies.ts';
import type { PodSetView } from './pod-set.ts';
import type { ClusterMember, ClusterSection, MemberStatus } from './sections.ts';
import type { CandidateState, ClusterState, ForeignSign, MemberSilence, MemberState, RevisionSample } from './state.ts';

/** What stands in the journal, as the mirror has it. */
export interface JournalContents {
  readonly agents: readonly AgentRecord[];
  readonly leader?: LeaderRecord;
  readonly slot?: Slot;
  /** In any order. */
  readonly history: readonly HistoryEntry[];
  readonly requests: readonly RequestRecord[];
  readonly pause?: PauseRecord;
  readonly armed?: ArmedRecord;
  /** 0 where nobody has ever said `resume`. */
  readonly resumedRevision: bigint;
  readonly unreadable: readonly UnreadableKey[];
}

/** What one agent observes, and how old that is. */
export interface AgentReport {
  readonly sight: AgentSight;
  /** By the clock of the agent that observed it, and since by ours: never by comparing the two. */
  readonly ageSeconds: number;
  readonly localPause?: string;
}

/** Everything that one round of the leading agent has learned. */
export interface StateParts {
  readonly nowMs: number;
  readonly monotonicMs: number;
  /** From its own observation: it must be of this round, so without it there is no state. */
  readonly cluster: ClusterSection;
  /** By member id, its own among them. An agent that did not answer is missing. */
  readonly reports: ReadonlyMap<string, AgentReport>;
  readonly journal: JournalContents;
  /** Of the term that this agent holds, if any. */
  readonly epoch?: bigint;
  readonly ownOperations: OperationVersions;
  /** Newest first: `RevisionHistory`. */
  readonly revisions: readonly RevisionSample[];
  readonly termStableSeconds: number;
  readonly membersStableSeconds: number;
  readonly readySeconds: number;
  readonly foreign: readonly ForeignSign[];
  readonly kubernetesCompacts: boolean;
  readonly leaderWorstRounds?: ClusterState['leaderWorstRounds'];
  readonly durableRevision?: bigint;
  readonly unprotectedSeconds?: number;
  readonly backupTrouble?: string;
  readonly podSet?: PodSetView;
  /** By member id. */
  readonly silences?: ReadonlyMap<string, MemberSilence>;
}

/** Puts together what policies decide on. Pure: the same parts make the same state. */
export function assembleState(parts: StateParts): ClusterState {
  const { cluster, journal, reports } = parts;
  const statuses = cluster.members.flatMap(({ status }) => status ?? []);
  const applied = highest(statuses.map(({ raftAppliedIndex }) => raftAppliedIndex));
  return {
    nowMs: parts.nowMs,
    monotonicMs: parts.monotonicMs,
    clusterId: cluster.clusterId,
    linearizable: cluster.linearizable,
    members: cluster.members.map((member) =>
      memberState(member, {
        applied,
        leaderId: cluster.leaderId,
        agent: journal.agents.find(({ memberId }) => memberId === member.id),
        report: reports.get(member.id),
        silence: parts.silences?.get(member.id),
      }),
    ),
    candidates: journal.agents.flatMap((agent) => candidateState(agent, reports.get(agent.memberId)) ?? []),
    voters: cluster.voters,
    learners: cluster.learners,
    votersReachable: cluster.votersReachable,
    quorumSize: cluster.quorumSize,
    // Where no member answered there is no term; nothing is decided then.
    raftTerm: cluster.raftTerm ?? 0n,
    termStableSeconds: parts.termStableSeconds,
    membersStableSeconds: parts.membersStableSeconds,
    revision: highest(statuses.map(({ revision }) => revision)),
    alarms: cluster.alarms,
    alarmsUnknown: cluster.findings.some(({ code }) => code === 'ALARMS_UNKNOWN'),
    revisions: parts.revisions,
    foreign: parts.foreign,
    kubernetesCompacts: parts.kubernetesCompacts,
    largestPrefixes: [...reports.values()].find(({ sight }) => sight.largestPrefixes)?.sight.largestPrefixes ?? [],
    ownOperations: parts.ownOperations,
    history: journal.history.toSorted((a, b) => (a.revision < b.revision ? 1 : a.revision > b.revision ? -1 : 0)),
    requests: journal.requests,
    readySeconds: parts.readySeconds,
    resumedRevision: journal.resumedRevision,
    unreadable: journal.unreadable,
    ...(cluster.leaderId === undefined ? {} : { leaderId: cluster.leaderId }),
    ...(parts.durableRevision === undefined ? {} : { durableRevision: parts.durableRevision }),
    ...(parts.unprotectedSeconds === undefined ? {} : { unprotectedSeconds: parts.unprotectedSeconds }),
    ...(parts.backupTrouble === undefined ? {} : { backupTrouble: parts.backupTrouble }),
    ...(parts.podSet === undefined ? {} : { podSet: parts.podSet }),
    ...(parts.leaderWorstRounds === undefined ? {} : { leaderWorstRounds: parts.leaderWorstRounds }),
    ...(parts.epoch === undefined ? {} : { epoch: parts.epoch }),
    ...(journal.leader === undefined ? {} : { leader: journal.leader }),
    ...(journal.slot === undefined ? {} : { slot: journal.slot }),
    ...(journal.pause === undefined ? {} : { pause: journal.pause }),
    ...(journal.armed === undefined ? {} : { armed: journal.armed }),
  };
}

interface MemberParts {
  readonly applied: bigint;
  readonly leaderId: string | undefined;
  readonly agent: AgentRecord | undefined;
  readonly report: AgentReport | undefined;
  readonly silence: MemberSilence | undefined;
}

function candidateState(agent: AgentRecord, report: AgentReport | undefined): CandidateState | undefined {
  const { candidate } = agent;
  if (candidate === undefined) return undefined;
  return { agent: { ...agent, candidate }, ...(report === undefined ? {} : { observed: observedOf(report) }) };
}

function memberState(member: ClusterMember, { applied, leaderId, agent, report, silence }: MemberParts): MemberState {
  const { status, fault } = member;
  const quotaBytes = quotaOf(status) ?? report?.sight.quotaBytes;
  return {
    id: member.id,
    name: displayName(member),
    clientUrls: member.clientUrls,
    peerUrls: member.peerUrls,
    isLearner: member.isLearner,
    isLeader: member.id === leaderId,
    reachable: member.reachable,
    healthy: member.healthy,
    ...(fault === undefined ? {} : { fault: fault.message, faultCode: fault.code }),
    ...(status === undefined
      ? {}
      : {
          version: status.version,
          lagEntries: applied - status.raftAppliedIndex,
          revision: status.revision,
          dbSizeBytes: status.dbSizeBytes,
          dbSizeInUseBytes: status.dbSizeInUseBytes,
        }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(agent === undefined ? {} : { agent }),
    ...(report === undefined ? {} : { observed: observedOf(report) }),
    ...(silence === undefined ? {} : { silence }),
  };
}

/** Status names the quota from etcd 3.6 on. It says 0 where the default holds, which only the agent's section resolves. */
function quotaOf(status: MemberStatus | undefined): number | undefined {
  const bytes = status?.dbSizeQuotaBytes;
  if (bytes === undefined || bytes === 0) return undefined;
  return bytes < 0 ? Number.POSITIVE_INFINITY : bytes;
}

function observedOf({ sight, ageSeconds, localPause }: AgentReport): NonNullable<MemberState['observed']> {
  const {
    quotaBytes: _quota,
    largestPrefixes: _prefixes,
    reached: _reached,
    silentSeconds: _silent,
    ...observed
  } = sight;
  return { ...observed, ageSeconds, ...(localPause === undefined ? {} : { localPause }) };
}

function highest(values: readonly bigint[]): bigint {
  let most = 0n;
  for (const value of values) {
    if (value > most) most = value;
  }
  return most;
}
