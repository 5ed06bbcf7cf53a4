/** Totals of one prefix. */
export interface PrefixTotals {
  readonly prefix: string;
  readonly keys: number;
  /** Key and value bytes of the newest versions. */
  readonly bytes: number;
  /** Puts and deletes seen by the watch since the agent started; those while the prefix was not shown are under `other`. */
  readonly writes: number;
  readonly writesPerSecond: number;
}

/** The largest prefixes of one depth. */
export interface KeyspaceLevel {
  /** Number of path elements. */
  readonly depth: number;
  readonly prefixes: readonly PrefixTotals[];
}

/** The collector `keyspace`. */
export interface KeyspaceSection {
  /** `waiting`: this agent keeps no totals; `scanning`: it has not read all keys yet; `current`: the totals are exact. */
  readonly phase: 'waiting' | 'scanning' | 'current';
  /** Why it waits, or why the scan pauses. */
  readonly waitingFor?: string;
  /** The member whose agent is to keep the totals; whether an agent runs there is not known. Absent where it is this one. */
  readonly heldBy?: { readonly memberId: string; readonly member: string };
  readonly scannedKeys: number;
  /** The revision at which the totals are exact. */
  readonly revision?: bigint;
  readonly depth: number;
  /** Absent until the totals are exact; so is `totalBytes`. */
  readonly totalKeys?: number;
  readonly totalBytes?: number;
  /** The top K by bytes at `depth`, and last `other` where something was left out. Empty until the totals are exact. */
  readonly prefixes: readonly PrefixTotals[];
  /** The same for every depth that is kept; while scanning, what has been counted so far. */
  readonly levels: readonly KeyspaceLevel[];
}
