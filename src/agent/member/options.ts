import type { BootView, DataDirState, OwnMemberView, ProcessEnd, ProcessState } from '../../cluster/own-member.ts';
import type { SeenList } from '../../decide/boot/evidence.ts';
import type { EtcdVersions } from '../../supervise/etcd-versions.ts';
import type { InitialMember, Supervisor } from '../../supervise/supervisor.ts';
import type { MemberMemory } from './memory.ts';

/** What is known right before it is decided what to do with a member that does not run. */
export interface BootParts {
  readonly dataDir: DataDirState;
  readonly process: ProcessState;
  readonly bootstrapped: boolean;
  /** At how many ends in a row etcd has called its data damaged. */
  readonly damagedEnds: number;
  readonly lastEnd?: ProcessEnd;
}

export interface MemberKeeperOptions {
  readonly name: string;
  /** As the others reach the member; absent where the configuration does not say. */
  readonly peerUrl?: string;
  readonly supervisor: Supervisor;
  readonly memory: MemberMemory;
  /** The members that a new cluster begins with. */
  readonly planned: readonly InitialMember[];
  readonly token: string;
  /** Looks at the data dir; `full` reads all of it. */
  readonly inspect: (depth: 'quick' | 'full', signal: AbortSignal) => Promise<DataDirState>;
  /** Whether there are data at all: a glance, for while etcd runs. */
  readonly holdsData: (signal: AbortSignal) => Promise<boolean>;
  /** Moves the data dir away, for this reason; gives where it is now and how large it is. */
  readonly putAside: (
    reason: string,
    signal: AbortSignal,
  ) => Promise<{ readonly paths: readonly string[]; readonly bytes: number } | undefined>;
  readonly quarantined: (signal: AbortSignal) => Promise<OwnMemberView['quarantine']>;
  /** Lets go of what has been in quarantine for long enough, or is in the way of a full disk. */
  readonly releaseQuarantine: (signal: AbortSignal) => Promise<void>;
  /** Gathers what else there is to know, and decides. Must not throw but for the signal. */
  readonly decide: (parts: BootParts, signal: AbortSignal) => Promise<BootView>;
  /** Why a person does not want anything to be started now; undefined where nobody has said so. */
  readonly startHeld: () => Promise<{ readonly code: string; readonly message: string } | undefined>;
  /** The member list as a quorum has it; through any member. Throws `EtcdError` where there is none. */
  readonly list: (signal: AbortSignal) => Promise<SeenList>;
  /** Id of the own member, once it answers Status. Throws where it does not. */
  readonly ownId: (signal: AbortSignal) => Promise<string>;
  /** Free bytes where the data of a new member would go. */
  readonly freeBytes: () => Promise<number>;
  /** The version that the own member says it runs, when it answers. Throws where it does not. */
  readonly servedVersion: (signal: AbortSignal) => Promise<string>;
  /** Other versions of etcd on this machine; absent where this kind of supervisor has nothing to do with them. */
  readonly versions?: Pick<
    EtcdVersions,
    'programOf' | 'current' | 'pointAt' | 'tryLink' | 'rememberBefore' | 'forgetBefore'
  >;
  /** Flags of the process with this id. Throws where they cannot be read. */
  readonly flagsOf: (pid: number) => Promise<readonly string[]>;
  /** Version of the etcd that would be started; undefined where that cannot be told before. */
  readonly etcdVersion: (signal: AbortSignal) => Promise<string | undefined>;
  readonly timing: MemberTiming;
  readonly events: {
    readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
    readonly onFault: (what: string, error: unknown) => void;
    readonly onChange: () => void;
  };
}

/** How often is looked, and how long is waited. */
export interface MemberTiming {
  /** Between two looks at a process that runs. */
  readonly lookMs: number;
  /** Between two looks while it does not. */
  readonly stoppedLookMs: number;
  /** A process that ends sooner after its start than this has not come up. */
  readonly upAfterMs: number;
  /** One that has run for so long has come up for good: what it ends of later has nothing to do with how it ended before. */
  readonly steadyAfterMs: number;
  /** The pause after the second end in a row that came too soon; twice as long after each further one, */
  readonly firstPauseMs: number;
  /** up to this. */
  readonly longestPauseMs: number;
  /** How long a member that joins may take until it answers. */
  readonly answerWithinMs: number;
  readonly houseKeepingMs: number;
}

export const memberTiming: MemberTiming = {
  lookMs: 1000,
  stoppedLookMs: 500,
  upAfterMs: 10_000,
  steadyAfterMs: 10 * 60_000,
  firstPauseMs: 1000,
  longestPauseMs: 30_000,
  answerWithinMs: 60_000,
  houseKeepingMs: 10 * 60_000,
};
