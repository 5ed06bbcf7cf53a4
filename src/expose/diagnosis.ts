import type { HeldCause } from '../cluster/diagnosis.ts';
import type { Observation } from '../cluster/observation.ts';
import { ProblemError } from './http/problem.ts';
import { isoTime } from './iso-time.ts';

/** The reply of `GET /api/v1/diagnosis`. */
export interface DiagnosisReply {
  readonly member: string;
  readonly observedAt: string;
  /** Rounds of observation that it rests on. */
  readonly looks: number;
  /** The first is what a person should read first; empty where nothing is wrong that this agent knows of. */
  readonly causes: readonly (Omit<HeldCause, 'sinceMs' | 'foundAtMonotonicMs'> & { readonly since: string })[];
}

/** The causes that an agent knows of what is wrong. Throws a `ProblemError` while it has not looked often enough. */
export function diagnosisOf({ member, observedAtMs, diagnosis }: Observation): DiagnosisReply {
  if (diagnosis === undefined) {
    throw new ProblemError({
      status: 503,
      code: 'NOT_DIAGNOSED_YET',
      detail: 'This agent has not looked at its member often enough. Ask again after some rounds of observation.',
    });
  }
  return {
    member,
    observedAt: isoTime(observedAtMs),
    looks: diagnosis.looks,
    causes: diagnosis.causes.map(({ sinceMs, foundAtMonotonicMs: _, ...cause }) => ({
      ...cause,
      since: isoTime(sinceMs),
    })),
  };
}
