import type { AskedAgents, SnapshotTaker } from '../backup-ports.ts';
import type { Effects, Reads } from '../effects.ts';
import type { PodSetPort } from '../pod-set-port.ts';
import type { OperateTiming } from '../timing.ts';

/** What operations and their steps work with. */
export interface Parts {
  readonly effects: Effects & Reads;
  readonly timing: OperateTiming;
}

/** What those work with that change the member list. */
export interface MembershipParts extends Parts {
  readonly agents: AskedAgents;
  readonly backups: SnapshotTaker;
}

/** What those work with that have members started again. */
export interface RestartParts extends MembershipParts {
  /** Consent to the outage of a cluster of one or two voters: `maintenance.restart.withoutSpare`. */
  readonly restartWithoutSpare: boolean;
}

/** What those work with that change a StatefulSet. */
export interface PodSetParts extends RestartParts {
  /** Absent where this agent is in no pod of one. */
  readonly pods?: PodSetPort;
}
