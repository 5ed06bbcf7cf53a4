import type { Effects, Reads } from '../effects.ts';
import type { OperateTiming } from '../timing.ts';

/** What operations and their steps work with. */
export interface Parts {
  readonly effects: Effects & Reads;
  readonly timing: OperateTiming;
}
