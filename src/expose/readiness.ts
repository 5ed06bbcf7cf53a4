import { nameMismatch } from '../cluster/name-mismatch.ts';
import type { Observation } from '../cluster/observation.ts';
import { sentences } from './sentences.ts';

/** Whether the agent observes its member, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  /** Stable and machine readable: `READY`, or the code of what is in the way. */
  readonly code: string;
  /** One sentence for a person. */
  readonly reason: string;
}

/**
 * Pure. Ready means that the newest round saw the own member, in whatever state that is: a member without quorum is
 * observed too, and one under another name than the configured one is not the own. An observation older than `staleAfterMs` is none; its age is read on the monotonic clock, so that setting
 * the machine's clock neither makes a living loop stale nor hides a dead one.
 * @param nowMs monotonic clock
 */
export function readinessOf(observation: Observation, nowMs: number, staleAfterMs: number): Readiness {
  const { rounds, observedAtMonotonicMs, member, sections } = observation;
  if (rounds === 0) {
    return { ready: false, code: 'NO_ROUND_YET', reason: 'The first round of observation has not ended yet.' };
  }
  const ageMs = nowMs - observedAtMonotonicMs;
  if (ageMs > staleAfterMs) {
    const reason = `The newest observation is ${(ageMs / 1000).toFixed(0)} s old.`;
    return { ready: false, code: 'OBSERVATION_STALE', reason };
  }
  const reading = sections.member;
  if (reading?.value === undefined) {
    const fault = reading?.fault;
    const reason = sentences(fault?.message, fault?.remedy);
    return { ready: false, code: fault?.code ?? 'MEMBER_NOT_OBSERVED', reason: reason || `${member} is not observed.` };
  }
  const mismatch = reading.value.findings.find(({ code }) => code === nameMismatch);
  if (mismatch !== undefined) {
    return { ready: false, code: mismatch.code, reason: sentences(mismatch.message, mismatch.remedy) };
  }
  return { ready: true, code: 'READY', reason: `${member} is observed: ${reading.value.summary}.` };
}
