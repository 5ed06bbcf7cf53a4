import { type Decision, operationNames, type Reason, type RequestRecord } from '../cluster/caretaking.ts';
import type { JudgedMember } from '../cluster/caretaking-view.ts';
import type { ClusterState } from '../cluster/state.ts';
import { gate, unreadableReason } from './gate.ts';
import { judgedMembers } from './judged.ts';
import { policies } from './list.ts';
import { because, isSome, type Reasons } from './policy.ts';
import { type RequestAnswer, requestedDecision } from './requested.ts';
import type { DecideSettings } from './settings.ts';
import { unknownSlot } from './unknown-slot.ts';

/** All that was decided in one round. */
export interface Decided {
  /**
   * The oldest request's first, where it is for an operation of this version, then one for each policy in the order of
   * `operationNames`. At most one of them is `act`.
   */
  readonly decisions: readonly Decision[];
  /** The one that is `act`. */
  readonly chosen?: Decision;
  /** Members that are not well, for people to see. */
  readonly judged: readonly JudgedMember[];
  /** What becomes of the oldest request. */
  readonly request?: RequestAnswer;
}

/** Runs every policy and the gate. Pure: the same state and settings decide the same. */
export function decide(state: ClusterState, settings: DecideSettings): Decided {
  const oldest = oldestOf(state.requests);
  const request = oldest === undefined ? undefined : requestedDecision(state, settings, oldest);
  const own = operationNames.map((name) => gate(policies[name](state, settings), state, settings));
  const all = [...(request?.decision === undefined ? [] : [request.decision]), ...own];
  const chosen = all.filter(({ decision }) => decision === 'act').toSorted((a, b) => urgencyOf(a) - urgencyOf(b))[0];
  const trouble = journalTrouble(state);
  return {
    decisions: all
      .map((decision) => (decision === chosen || chosen === undefined ? decision : afterIt(decision, chosen)))
      // Told once: by the first policy, which goes before all others.
      .map((decision) =>
        decision.policy === operationNames[0] && isSome(trouble) ? paging(decision, trouble) : decision,
      ),
    judged: judgedMembers(state, settings),
    ...(chosen === undefined ? {} : { chosen }),
    ...(request === undefined ? {} : { request }),
  };
}

/** A full etcd takes nothing else; then what only makes safe again goes before all that changes anything, whoever asks for that. */
function urgencyOf({ policy, makesSafe }: Decision): number {
  if (policy === 'nospace') return 0;
  return makesSafe === true ? 1 : 2;
}

/** The wall clocks of those who asked put them in order: nothing but fairness hangs on it. */
function oldestOf(requests: readonly RequestRecord[]): RequestRecord | undefined {
  return requests.toSorted((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1))[0];
}

/** What in the journal keeps the agents from everything until a person has looked, also while there is nothing to do. */
function journalTrouble(state: ClusterState): readonly Reason[] {
  const { unreadable } = state;
  const unknown = unknownSlot(state);
  return [...unreadable.map(unreadableReason), ...(unknown === undefined ? [] : [unknown])];
}

function paging(decision: Decision, trouble: Reasons): Decision {
  const known = new Set(decision.reasons.map(({ message }) => message));
  const [first, ...others] = [...trouble.filter(({ message }) => !known.has(message)), ...decision.reasons];
  return { ...decision, reasons: [first ?? trouble[0], ...others], page: true };
}

function afterIt(decision: Decision, chosen: Decision): Decision {
  if (decision.decision !== 'act') return decision;
  const { action: _action, ...rest } = decision;
  const first = because('OTHER_FIRST', `${chosen.policy} goes first, and one operation is done at a time`);
  return { ...rest, decision: 'hold', reasons: [first, ...decision.reasons] };
}
