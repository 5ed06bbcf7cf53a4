import type { AgentRecord, HistoryEntry, PauseRecord, Slot } from '../../cluster/caretaking.ts';
import type { CaretakingView } from '../../cluster/caretaking-view.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { ActiveAlarm, ClusterMember, ClusterSection, ProcessSection } from '../../cluster/sections.ts';
import { quorumOf } from '../status.ts';
import { ownMemberId } from './member-brief.ts';

/** What an operation has done may be seen only a while after it has ended. */
const AFTERMATH_MS = 30_000;

/** A member, as it was last seen. */
export interface MemberFacts {
  readonly name: string;
  readonly isLearner: boolean;
  readonly reachable: boolean;
  readonly version?: string;
}

/**
 * What is known of a cluster at one time, as far as changes are told from it. What an observation does not know stays as it was known before: so a
 * reading that failed once makes no change.
 */
export interface ClusterFacts {
  readonly atMs: number;
  /** By id; absent until the list is known. */
  readonly members?: ReadonlyMap<string, MemberFacts>;
  /** Id of the raft leader. */
  readonly leaderId?: string;
  /** By member and kind. */
  readonly alarms?: ReadonlyMap<string, ActiveAlarm>;
  readonly quorumHolds?: boolean;
  readonly ownId?: string;
  readonly process?: Pick<ProcessSection, 'pid' | 'cpuSeconds'>;
  /** Seconds for which the etcd of another member had run when its agent last said so, by member id. */
  readonly uptimes: ReadonlyMap<string, number>;
  /** By member id: those that stand in the journal, or did while their member is listed. */
  readonly agents?: ReadonlyMap<string, Pick<AgentRecord, 'member' | 'version'>>;
  readonly agentLeader?: { readonly memberId: string; readonly member: string };
  /** `none`: it is known that there is none. */
  readonly pause?: PauseRecord | 'none';
  /** The operation under way. */
  readonly slot: Slot | undefined;
  /** Operations that have ended since, not long ago. */
  readonly ended: readonly { readonly entry: HistoryEntry; readonly seenMonotonicMs: number }[];
  /** Ids of all that are known to have ended. */
  readonly endedIds?: ReadonlySet<string>;
}

/** What is known besides an observation. */
export interface FactsAside {
  /** What other agents say now of their members. */
  readonly uptimes?: ClusterFacts['uptimes'];
  /** Wall clock: what is to be seen of acting changes also between rounds of observation. */
  readonly nowMs?: number;
}

/**
 * Pure.
 * @param before what was known at the observation before; absent at the first one
 */
export function clusterFacts(
  observation: Observation,
  before?: ClusterFacts,
  { uptimes = new Map(), nowMs = observation.observedAtMs }: FactsAside = {},
): ClusterFacts {
  const { sections, caretaking } = observation;
  const cluster = sections.cluster?.value;
  const ownId = ownMemberId(observation) ?? before?.ownId;
  const process = sections.process?.value ?? before?.process;
  return {
    ...before,
    atMs: nowMs,
    uptimes: new Map([...(before?.uptimes ?? [])].filter(([id]) => before?.members?.has(id)).concat([...uptimes])),
    ...(cluster === undefined ? {} : clusterPart(cluster, before)),
    ...(ownId === undefined ? {} : { ownId }),
    ...(process === undefined ? {} : { process }),
    ...(caretaking?.journalConnected === true ? journalPart(caretaking, before) : {}),
    ...endedPart(observation, before),
  };
}

function clusterPart(cluster: ClusterSection, before: ClusterFacts | undefined): Partial<ClusterFacts> {
  const { leaderId, alarms, findings } = cluster;
  const alarmsKnown = !findings.some(({ code }) => code === 'ALARMS_UNKNOWN');
  return {
    members: membersOf(cluster, before?.members),
    ...(leaderId === undefined ? {} : { leaderId }),
    ...(alarmsKnown ? { alarms: new Map(alarms.map((each) => [`${each.memberId} ${each.alarm}`, each])) } : {}),
    quorumHolds: quorumOf(cluster).holds,
  };
}

/** Who is in the list is taken from a quorum alone: the memory of one member may be older than what was seen before. */
function membersOf(
  { members, linearizable }: ClusterSection,
  before: ReadonlyMap<string, MemberFacts> | undefined,
): ReadonlyMap<string, MemberFacts> {
  const factsOf = ({ id, name, isLearner, reachable, status }: ClusterMember): MemberFacts => {
    const known = before?.get(id);
    const version = status?.version ?? known?.version;
    return {
      name: name || (known?.name ?? ''),
      isLearner: linearizable || known === undefined ? isLearner : known.isLearner,
      reachable,
      ...(version === undefined ? {} : { version }),
    };
  };
  const seen = new Map(members.map((member) => [member.id, factsOf(member)]));
  if (linearizable || before === undefined) return seen;
  return new Map([...before].map(([id, facts]) => [id, seen.get(id) ?? facts]));
}

function journalPart(view: CaretakingView, before: ClusterFacts | undefined): Partial<ClusterFacts> {
  const { agents, leader, pause } = view;
  const remembered = [...(before?.agents ?? [])].filter(([id]) => before?.members?.has(id));
  return {
    agents: new Map([
      ...remembered,
      ...agents.map(({ memberId, member, version }) => [memberId, { member, version }] as const),
    ]),
    ...(leader === undefined ? {} : { agentLeader: { memberId: leader.memberId, member: leader.member } }),
    pause: pause ?? 'none',
  };
}

function endedPart(
  { caretaking, observedAtMonotonicMs }: Observation,
  before: ClusterFacts | undefined,
): Pick<ClusterFacts, 'slot' | 'ended' | 'endedIds'> {
  const recent = (before?.ended ?? []).filter(
    ({ seenMonotonicMs }) => observedAtMonotonicMs - seenMonotonicMs < AFTERMATH_MS,
  );
  if (caretaking === undefined) return { slot: undefined, ended: recent };
  const { slot, history } = caretaking;
  const known = before?.endedIds;
  const fresh = known === undefined ? [] : history.filter(({ id }) => !known.has(id));
  return {
    slot,
    ended: [...recent, ...fresh.map((entry) => ({ entry, seenMonotonicMs: observedAtMonotonicMs }))],
    endedIds: new Set(history.map(({ id }) => id)),
  };
}
