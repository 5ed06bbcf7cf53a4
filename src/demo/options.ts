/** What a demo is started with. */
export interface DemoOptions {
  /** Number of etcd members, each with an agent. */
  readonly members: 1 | 3 | 5;
  /** Everything is kept here; left out: a temporary folder that is removed at the end. */
  readonly folder?: string;
  /** Member i (from 0) serves clients on this + 10i, peers on + 10i + 1, its agent on + 10i + 2. */
  readonly basePort: number;
  /** How long to run once the members answer; left out: until told to stop. */
  readonly runForMs?: number;
  /** Backend quota of the members; left out: etcd's own default. */
  readonly quotaBytes?: number;
  /** `key=value` of the agents' configuration. */
  readonly settings: readonly string[];
}

/** The first agent of a demo on this base port is where the commands look for an agent: on 9379. */
export const defaultBasePort = 9377;
