import type { Slot } from '../cluster/caretaking.ts';
import { formatSpan } from '../cluster/units.ts';

/** No step but those below takes so long: the limits for what other agents do (`operate/steps/step-limits.ts`) are shorter. */
const STANDS_STILL_MS = 15 * 60_000;

/** Steps that last as long as there are data: a defragmentation, a snapshot into stores, a restored backup. */
const LONG_MS = 13 * 3_600_000;
const LONG_STEPS: ReadonlySet<string> = new Set(['defragment', 'snapshot', 'drill', 'compact', 'follow-learner']);

/**
 * Why a person has to look at the operation that is under way, one sentence: nothing has come of its newest step for far longer than that takes, and nothing
 * else can be done meanwhile. Undefined where it gets on.
 * @param nowMs wall clock; that of the agent that leads may be another one, by less than these limits
 */
export function standingStill(slot: Slot | undefined, nowMs: number): string | undefined {
  if (slot === undefined) return undefined;
  const sinceMs = nowMs - slot.phaseAtMs;
  if (sinceMs < (LONG_STEPS.has(slot.phase) ? LONG_MS : STANDS_STILL_MS)) return undefined;
  const last = slot.steps.at(-1);
  const waitsFor = last?.memberId === undefined ? '' : ` at member ${last.memberId}`;
  return `The operation ${slot.operation} has stood at its step ${slot.phase}${waitsFor} for ${formatSpan(Math.floor(sinceMs / 1000))}, and nothing else is begun meanwhile.`;
}
