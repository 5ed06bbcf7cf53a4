import type { CauseName } from '../../../src/cluster/diagnosis.ts';
import type { TendedMember } from '../../healing/tended-cluster.ts';
import type { DiagnoseGround, GroundOptions } from './ground.ts';

/** What a fault is given. */
export interface FaultContext {
  readonly ground: DiagnoseGround;
  readonly victim: TendedMember;
  /** Another member. */
  readonly other: TendedMember;
}

/** What has been done, until it is undone. */
export interface Struck {
  readonly undo: () => Promise<void> | void;
}

/** Something that really goes wrong, and what is to be said of it. */
export interface DiagnosedFault {
  readonly name: string;
  readonly what: string;
  /** Any of these at the top is right. */
  readonly expected: readonly CauseName[];
  /** Whom the verdict has to name; absent: the whole cluster. */
  readonly of?: 'victim' | 'other';
  /** Whose agents have to say it at their top: that of the victim, those of all others, or all of them. */
  readonly by: 'victim' | 'others' | 'all';
  /** The cluster that it takes, where that is a special one. */
  readonly ground?: GroundOptions;
  /** It cannot be undone, or not soon: each run has a cluster of its own. */
  readonly anew?: boolean;
  /** It is there from the start of the cluster: nothing is calm before. */
  readonly isThere?: boolean;
  readonly strike: (context: FaultContext) => Promise<Struck>;
}
