import type { Decision, HistoryEntry, Slot } from '../../cluster/caretaking.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { OwnMemberView } from '../../cluster/own-member.ts';
import type { PodSetView } from '../../cluster/pod-set.ts';
import type { ClusterSection } from '../../cluster/sections.ts';
import type { DecideSettings } from '../../decide/settings.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import type { MetricsPage } from '../../etcd/types.ts';
import type { Term } from '../../journal/term.ts';
import type { SnapshotTaker } from '../../operate/backup-ports.ts';
import type { Effects, Reads } from '../../operate/effects.ts';
import type { PodSetPort } from '../../operate/pod-set-port.ts';
import type { OperateTiming } from '../../operate/timing.ts';
import type { Errand } from './errands.ts';

/** What the caretaker tells as it happens; the log and the receivers of notifications hear it. */
export interface CaretakerEvents {
  readonly onLeading: (leading: boolean, epoch: bigint) => void;
  /** Something that has to be done was not possible; repeated ones are folded by whoever writes them down. */
  readonly onFault: (what: string, error: unknown) => void;
  readonly onDecisions: (decisions: readonly Decision[]) => void;
  readonly onOperation: (slot: Slot) => void;
  readonly onStep: (slot: Slot) => void;
  readonly onEnded: (entry: HistoryEntry) => void;
  /** Somebody has said pause, or resume, through this agent. */
  readonly onPaused: (wish: { readonly reason: string; readonly by: string; readonly forMs: number }) => void;
  readonly onResumed: (by: string) => void;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** The view has changed. */
  readonly onChange: () => void;
}

/** What the part of the agent that acts needs. Nothing here is a secret. */
export interface CaretakerOptions {
  readonly member: string;
  readonly version: string;
  /** Where others reach this agent; absent: nowhere but on its own machine's socket. */
  readonly url?: string;
  readonly role: 'default' | 'arbiter';
  /** Its member is in no list, and wants to be. */
  readonly candidate?: { readonly peerUrls: readonly string[] };
  readonly keyPrefix: string;
  readonly ttlMs: number;
  readonly pauseFile: string;
  readonly settings: DecideSettings;
  readonly timing: OperateTiming;
  /** How long a read of another agent, or of a member, may take. */
  readonly readTimeoutMs: number;
  readonly client: MemberClient;
  /** The newest observation of this agent. */
  readonly observation: () => Observation;
  /** What this agent says of the process and the data of its member; absent where it only watches. */
  readonly own?: () => OwnMemberView;
  /** The members as they are now, beside the rounds of observation. */
  readonly freshCluster: (signal: AbortSignal) => Promise<ClusterSection>;
  /** The client of an endpoint that members advertise. */
  readonly clientAt: (endpoint: string) => MemberClient;
  /** The families of the metrics page at a member's client URL. */
  readonly metricsPageAt: (
    endpoint: string,
    member: string,
    families: readonly string[],
    signal: AbortSignal,
  ) => Promise<MetricsPage>;
  /** Reads from the API of another agent. */
  readonly fetchAgent: (url: string, path: string, signal: AbortSignal) => Promise<unknown>;
  readonly events: CaretakerEvents;
  /** What else the leading agent does, from the beginning of a term; it ends by itself when the term is lost. Must not throw. */
  readonly onTerm?: (term: Term) => void;
  /** Asked each round: the last revision that backups have made durable; undefined where compaction need not wait. */
  readonly durableRevision?: () => bigint | undefined;
  /** Asked each round: for how long writes have not been durable in any store; undefined where this agent backs nothing up. */
  readonly unprotectedSeconds?: () => number | undefined;
  /** Asked each round: why backups do not get on, one sentence; undefined where they do. */
  readonly backupTrouble?: () => string | undefined;
  /** Asked each round: the StatefulSet of this agent's own pod. */
  readonly podSet?: () => PodSetView | undefined;
  /** What changes it; absent where this agent is in no pod of one. */
  readonly pods?: PodSetPort;
  /** What takes full snapshots on demand; absent where this agent backs nothing up. */
  readonly snapshots?: SnapshotTaker;
  /** What this agent does when a step of an operation asks it to, by the name of the step. */
  readonly errands?: Readonly<Record<string, Errand>>;
  /** For tests alone: what stands between the operations and etcd. */
  readonly wrapEffects?: (effects: Effects & Reads) => Effects & Reads;
}
