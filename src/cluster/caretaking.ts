/**
 * The words of acting: what agents write to each other in etcd, what policies decide, what operations report. Plain data,
 * no behaviour. Ids are etcd's hexadecimal text; revisions and epochs are bigint; times named `…AtMs` are wall clocks and
 * are for people only: nothing is decided by comparing two machines' clocks.
 */

/** Every operation that this version can carry out; each has a policy of the same name. */
export const operationNames = [
  'nospace',
  'replace',
  'release',
  'join',
  'leave',
  'member-update',
  'restart',
  'upgrade',
  'rollout',
  'compaction',
  'defrag',
  'move-leader',
  'hash-check',
  'snapshot',
  'drill',
] as const;

/** An operation, and the policy that decides on it. Earlier ones in the list go first. */
export type OperationName = (typeof operationNames)[number];

/** Whether this version has an operation of this name. */
export function isOperationName(name: string): name is OperationName {
  return operationNames.some((known) => known === name);
}

/**
 * The version of each operation's journal: raised when an agent of the former version could not go on from it. A leader
 * starts only what every agent involved knows in its own version.
 */
export type OperationVersions = Readonly<Record<string, number>>;

/** Values that stand in the journal as JSON; bigints are written as decimal text by whoever puts them in. */
export type JournalValue =
  | string
  | number
  | boolean
  | null
  | readonly JournalValue[]
  | { readonly [key: string]: JournalValue };

/** What every agent writes of itself under its own lease: `agents/<member id>`. */
export interface AgentRecord {
  readonly memberId: string;
  readonly member: string;
  /** Random for every start of an agent: two agents beside one member are told apart by it. */
  readonly instance: string;
  /** Where others reach its API; absent when it listens on a Unix socket only. */
  readonly url?: string;
  readonly version: string;
  readonly operations: OperationVersions;
  /** An arbiter's member is never given the raft leadership. */
  readonly role: 'default' | 'arbiter';
  readonly startedAtMs: number;
  /** Its member is in no member list, and wants to be: what the list would say of it. Then `memberId` is `candidateId` of its name. */
  readonly candidate?: { readonly peerUrls: readonly string[] };
}

const CANDIDATE = 'candidate:';

/** What stands for the member id of an agent whose member is in no list yet: never an id of etcd, which is hexadecimal. */
export function candidateId(member: string): string {
  return `${CANDIDATE}${encodeURIComponent(member)}`;
}

/** Whether an agent is registered under such an id: its member is in no list. */
export function isCandidateId(memberId: string): boolean {
  return memberId.startsWith(CANDIDATE);
}

/** Who leads: `leader`, under that agent's lease. */
export interface LeaderRecord {
  readonly memberId: string;
  readonly member: string;
  readonly instance: string;
  readonly epoch: bigint;
  readonly sinceMs: number;
}

/** One step of an operation as it is journaled. */
export interface JournaledStep {
  /** A stable name: `defragment`, `compact`, `disarm`, … */
  readonly name: string;
  /** The member that it concerns, where there is one. */
  readonly memberId?: string;
  readonly atMs: number;
  /** A sentence for people. */
  readonly detail?: string;
}

/** Where the agent beside a member answers: of the key `places`. */
export interface AgentPlace {
  readonly memberId: string;
  readonly member: string;
  readonly url: string;
}

/** The operation under way: the key `slot`. */
export interface Slot {
  /** Of this operation: stays the same when another leader goes on with it. */
  readonly id: string;
  /** An `OperationName`, or one that only a newer version knows. */
  readonly operation: string;
  readonly operationVersion: number;
  /** Members that it is to act on, in order. */
  readonly targets: readonly string[];
  /** The step that is about to be made or was made last; `taken` at first. */
  readonly phase: string;
  readonly epoch: bigint;
  /** Member id of the agent that carries it out. */
  readonly holder: string;
  readonly startedAtMs: number;
  readonly phaseAtMs: number;
  /** Why it was started, one sentence each. */
  readonly reasons: readonly string[];
  /** Who asked for it, where a person did. */
  readonly requestedBy?: string;
  /** What the policy decided on: revisions, thresholds. Does not change. */
  readonly parameters: Readonly<Record<string, JournalValue>>;
  /** What the operation has to remember across leaders. */
  readonly progress: Readonly<Record<string, JournalValue>>;
  readonly steps: readonly JournaledStep[];
}

/**
 * What came of a step that the agent beside a member was asked to make: `reports/<operation id>`, under that agent's own
 * lease.
 */
export interface ReportRecord {
  readonly operationId: string;
  /** Which step of the operation: 1 for the first one that was journaled. */
  readonly step: number;
  readonly memberId: string;
  readonly outcome: 'succeeded' | 'stopped' | 'failed';
  /** Stable, with `stopped` and `failed`. */
  readonly code?: string;
  /** A sentence. */
  readonly summary: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** How an operation, or a request of a person, ended. */
export type Outcome =
  | 'succeeded'
  /** It did what it could, and something in the cluster kept it from the rest; nothing is half done. */
  | 'stopped'
  | 'failed'
  /** It was never started: a request that could not be granted. */
  | 'refused';

/** One ended operation, refused request, pause or resume: `history/<19 digits>`, the last 50. */
export interface HistoryEntry {
  /** Orders the entries: the revision at which the operation took the slot, or the request was answered. */
  readonly revision: bigint;
  readonly id: string;
  /** An operation, or `pause`, `resume`. */
  readonly operation: string;
  readonly outcome: Outcome;
  readonly epoch: bigint;
  readonly holder: string;
  readonly targets: readonly string[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** By the monotonic clock of the agent that ended it, from when it took the slot or took it over. */
  readonly seconds: number;
  readonly reasons: readonly string[];
  /** What came of it, one sentence; with `failed` and `stopped` why. */
  readonly summary: string;
  /** Stable code of the error, with `failed`, `stopped` and `refused`. */
  readonly code?: string;
  readonly requestedBy?: string;
  readonly steps: readonly JournaledStep[];
  /** Figures that later decisions use, such as `bytesPerSecond.<member id>` of a defragmentation. */
  readonly figures: Readonly<Record<string, number>>;
}

/** A pause of everything: `pause`, under a lease of the pause's own length, so that etcd's clock ends it. */
export interface PauseRecord {
  readonly reason: string;
  readonly by: string;
  readonly atMs: number;
  /** For people; the lease decides. */
  readonly untilMs: number;
}

/** What a person asked for through the API: `requests/<id>`. The leader takes it away with the slot or with the answer. */
export interface RequestRecord {
  readonly id: string;
  readonly operation: string;
  /** Member id. */
  readonly target?: string;
  /** The version of etcd that an upgrade is to come to. */
  readonly to?: string;
  /** The upgrade is tried first, on restored data. */
  readonly rehearse?: true;
  readonly by: string;
  readonly atMs: number;
}

/** Who asks, in place of a person, for a member to leave whose StatefulSet was made smaller. */
export const BY_STATEFULSET = 'statefulset';

/** Written once when every voter has had an agent and health for long enough: `armed`. */
export interface ArmedRecord {
  readonly atMs: number;
  readonly epoch: bigint;
  /** Member ids at that time and after each change since, in the order of the list. */
  readonly members: readonly string[];
}

/** Why something was decided: a stable code for metrics and scripts, and a sentence for people. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** What is to be done: plain data, from which an operation starts. */
export interface Action {
  readonly operation: OperationName;
  /** Member ids in order. */
  readonly targets: readonly string[];
  readonly parameters: Readonly<Record<string, JournalValue>>;
}

/**
 * What a policy decided. `act`: it is done now. `plan`: it would be done, but something keeps the agents from acting on
 * it (the reasons say what). `hold`: it should not be done now. The first reason is the one that counts in metrics.
 */
export interface Decision {
  readonly policy: OperationName;
  readonly decision: 'act' | 'plan' | 'hold';
  readonly reasons: readonly [Reason, ...Reason[]];
  /** With `act` and `plan`. */
  readonly action?: Action;
  /** A person has to look at it: it becomes a finding and goes to `notify`. */
  readonly page?: boolean;
  /**
   * It only takes away a danger that stands already. So it goes before what changes anything, no limit of how often or when something is done
   * holds it, and where it is held all the same a person is paged.
   */
  readonly makesSafe?: true;
  readonly requestedBy?: string;
}

/** A key of ours that cannot be read: what is in it is not touched, and nothing is started. */
export interface UnreadableKey {
  readonly key: string;
  /** `garbage`, or `newer` where another version wrote it. */
  readonly kind: 'garbage' | 'newer';
  readonly message: string;
}
