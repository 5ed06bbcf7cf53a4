import type { Fault } from '../../cluster/observation.ts';
import type { Parts } from './parts.ts';

/** What has come of the stream, and whether it is still true. */
export interface Seen {
  /** URL of the agent that has given the parts. */
  readonly agent: string;
  readonly parts: Parts;
  /** Wall clock of when something came last, ms: a part, a sample or a sign of life. */
  readonly heardAtMs: number;
  /** Why nothing comes any more; absent while the stream stands. */
  readonly fault?: Pick<Fault, 'code' | 'message'>;
}

/** An agent that has nothing to say gives a sign of life more often than this. */
const STALE_AFTER_MS = 20_000;

/** Since when nothing came, wall clock, ms; undefined while what is shown is current. */
export function staleSinceMs({ heardAtMs, fault }: Seen, nowMs: number): number | undefined {
  return fault !== undefined || nowMs - heardAtMs > STALE_AFTER_MS ? heardAtMs : undefined;
}
