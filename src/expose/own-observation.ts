import type { CaretakingView } from '../cluster/caretaking-view.ts';
import type { Observation } from '../cluster/observation.ts';

/** What an agent has to say of its own part in acting; what all agents see of the journal has routes of its own. */
export type OwnCaretaking = Omit<
  CaretakingView,
  | 'leader'
  | 'agents'
  | 'slot'
  | 'history'
  | 'requests'
  | 'pause'
  | 'armed'
  | 'decisions'
  | 'judged'
  | 'hashCheck'
  | 'drill'
>;

/**
 * The reply of `GET /api/v1/observation`: what people look at, and what the leading agent asks the others for. The diagnosis
 * has a route of its own.
 */
export interface OwnObservation extends Omit<Observation, 'caretaking' | 'diagnosis'> {
  /** How old it is now, by this agent's monotonic clock: readers add what they have waited since. */
  readonly ageSeconds: number;
  readonly caretaking?: OwnCaretaking;
}

/** @param nowMs monotonic clock of this process */
export function ownObservation(
  { caretaking, diagnosis: _, ...observation }: Observation,
  nowMs: number,
): OwnObservation {
  return {
    ...observation,
    ageSeconds: Math.max(0, nowMs - observation.observedAtMonotonicMs) / 1000,
    ...(caretaking === undefined ? {} : { caretaking: ownPart(caretaking) }),
  };
}

function ownPart(view: CaretakingView): OwnCaretaking {
  const { leader, agents, slot, history, requests, pause, armed, decisions, judged, hashCheck, drill, ...own } = view;
  return own;
}
