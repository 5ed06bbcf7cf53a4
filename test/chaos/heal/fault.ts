import type { TendedMember } from '../../healing/tended-cluster.ts';
import type { Ground } from './ground.ts';

/** What a fault may use, and nothing else: so that the same seed does the same again. */
export interface FaultContext {
  readonly ground: Ground;
  /** Members that it may strike: no more than the cluster survives. */
  readonly victims: readonly TendedMember[];
  /** To be called right before the quorum is taken away for good. */
  readonly quorumGoes: () => void;
  /** A number below this one, from the seed. */
  readonly random: (below: number) => number;
  /** Ends when the run does. */
  readonly signal: AbortSignal;
}

/** A fault that has been brought about. */
export interface Struck {
  /** What was done, for people. */
  readonly text: string;
  /** How long it lasts before it is undone. */
  readonly lastsMs: number;
  /** Undoes what does not mend itself; everything else is for the agents. */
  undo(): Promise<void> | void;
  /** What has not been dealt with yet, in words, where a cluster may look well before that. */
  unmended?(): Promise<string | undefined> | string | undefined;
  /** Called when all is well again, or is not going to be: what was still on the look-out ends. */
  settle?(): void;
}

/** One way in which things go wrong. */
export interface Fault {
  readonly name: string;
  /** One sentence, for the page of the docs. */
  readonly what: string;
  /** `member`: those that are chosen; `cluster`: of all at once, so that nothing else is struck beside it; `agents`: etcd goes on. */
  readonly strikes: 'member' | 'agents' | 'cluster';
  /** One at a time: where two members need to be replaced the agents hold, and a person is paged (`SECOND_FAILURE`). */
  readonly alone?: true;
  /** It takes the quorum for good: what was written right before may be missing, as the plan to recover says. */
  readonly losesQuorum?: true;
  /** What the ground has to have. */
  readonly needs?: 'small-disk' | 'small-quota' | 'links' | 'five-members';
  /**
   * Only in a run of its own, since etcd must not compare its data with the others' when it starts: it compares them again and again, or
   * leaves that to the agents. Drawn only where it is named.
   */
  readonly apart?: 'compares' | 'compares-not';
  /** How long the cluster may take, where that is more than usual. */
  readonly patienceMs?: number;
  strike(context: FaultContext): Promise<Struck>;
}
