/**
 * What an agent says of the process and the data of its own member, also while etcd does not answer: other agents decide on it,
 * and find each other by it when the quorum is lost. Plain data.
 */

/** In which way the process of a member is started and stopped. `none`: it is only watched. */
export type SuperviseKind = 'none' | 'child' | 'systemd' | 'static-pod' | 'statefulset';

/** Why a process of etcd has ended, as its exit and the end of its log tell. */
export type EndCause =
  /** This agent, or somebody with SIGTERM, asked it to. */
  | 'asked'
  /** By a signal that nobody explains: SIGKILL from a person, from the kernel where memory is short. */
  | 'killed'
  | 'disk-full'
  | 'wal-corrupt'
  | 'log-behind'
  | 'database-corrupt'
  /** Etcd's own comparison of hashes, at the start or while it ran. */
  | 'data-differs'
  /** The cluster has removed this member for good. */
  | 'removed'
  /** Its data dir is of another cluster, or of another member. */
  | 'wrong-cluster'
  | 'address-in-use'
  | 'bad-flag'
  | 'certificate'
  | 'unknown';

/** How a process of etcd has ended. */
export interface ProcessEnd {
  /** `exit code 1`, `SIGKILL`; `unknown` where the process was not this agent's child. */
  readonly how: string;
  readonly cause: EndCause;
  /** The line of etcd's log that says so, shortened. */
  readonly evidence?: string;
  /** Of `data-differs`: peer URLs of those members that have other data, and all of them the same, by etcd's own comparison. */
  readonly differsFrom?: readonly string[];
  /** Wall clock, for people. */
  readonly atMs: number;
}

/** Whether the member's process runs. */
export type ProcessState =
  | { readonly state: 'running'; readonly pid?: number; readonly adopted: boolean }
  | { readonly state: 'stopped'; readonly end?: ProcessEnd }
  | { readonly state: 'unknown'; readonly reason: string };

/** What a data dir holds, looked at without starting etcd. Ids are hexadecimal as etcd writes them. */
export type DataDirState =
  /** The folder is not there, or there is nothing in it. */
  | { readonly state: 'empty' }
  | {
      readonly state: 'intact';
      readonly clusterId: string;
      readonly memberId: string;
      /** Of the newest hard state in the WAL. */
      readonly raftTerm: bigint;
      readonly commitIndex: bigint;
      /** Of the newest entry in the WAL, which may not be known to be committed. */
      readonly lastIndex: bigint;
      readonly lastTerm: bigint;
    }
  | {
      readonly state: 'corrupt';
      readonly part: 'wal' | 'database' | 'layout';
      /** One sentence: what is wrong and where. */
      readonly problem: string;
      readonly clusterId?: string;
      readonly memberId?: string;
    }
  /** It could not be looked at: no right, a disk that does not answer. It says nothing about the data. */
  | { readonly state: 'unreadable'; readonly problem: string };

/** What the agent wants to be done with its member's process. */
export type BootAction = 'start' | 'bootstrap' | 'join' | 'stay-out' | 'refuse' | 'wait';

/** What an agent has made of its member when it looked last, and why. */
export interface BootView {
  readonly action: BootAction;
  readonly reasons: readonly [
    { readonly code: string; readonly message: string },
    ...{ readonly code: string; readonly message: string }[],
  ];
}

/** What an agent says of its own member. */
export interface OwnMemberView {
  readonly kind: SuperviseKind;
  readonly process: ProcessState;
  readonly dataDir: DataDirState;
  /** It has been a member before: there is a record of it beside the data dir, also where the data are gone. */
  readonly bootstrapped: boolean;
  /** It has found that nobody was ever a member, and begins a cluster with the others; no quorum has answered yet. */
  readonly bootstrapping?: boolean;
  /** Which member of which cluster it was last. */
  readonly identity?: { readonly clusterId: string; readonly memberId: string };
  readonly boot?: BootView;
  /** The peer URL that the configuration gives it. */
  readonly peerUrl?: string;
  /** How often the agent has started the process again since the agent itself was started. */
  readonly restarts: number;
  /** How often it did so since the process last ran for ten minutes, or since its data are other ones; absent: the agent is too old to say. */
  readonly vainStarts?: number;
  /** At how many ends in a row etcd has called its data damaged; absent: the agent is too old to say. */
  readonly damagedEnds?: number;
  /** When etcd has last ended since its data differ from its peers', while it had these data (wall clock); absent: not since the agent was started. */
  readonly differedAtMs?: number;
  /** Where the old data dirs are. */
  readonly quarantine: readonly {
    readonly path: string;
    readonly reason: string;
    readonly atMs: number;
    readonly bytes: number;
  }[];
}
