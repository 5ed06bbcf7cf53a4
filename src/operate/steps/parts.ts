import type { AskedAgents, SnapshotTaker } from '../backup-ports.ts';
import type { Effects, Reads } from '../effects.ts';
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
