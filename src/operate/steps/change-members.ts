import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { ClusterState } from '../../cluster/state.ts';
import type { Permit } from '../effects.ts';
import { type OperationContext, OperationStopped, type Step } from '../operation.ts';
import { stillLedAs } from './gate.ts';
import type { Parts } from './parts.ts';
import { steadyState, wellVoters } from './steady-state.ts';

/** Etcd refuses a change while a peer has not been connected for 5 s (`HealthInterval`): seven attempts take 16 s. */
const ATTEMPTS = 7;
const FIRST_PAUSE_MS = 250;

/** Codes of what kept a change from being made, before it was: it is looked at anew. */
const NOT_MADE: ReadonlySet<string> = new Set(['LEADER_CHANGED', 'MEMBER_DOWN']);

/** One change of the member list. */
export interface MemberChange<T> {
  readonly step: Pick<Step, 'name' | 'memberId' | 'detail'>;
  /**
   * What the list says: the result where the change is in it, undefined where it is still to be made. Throws where it must
   * not be made.
   */
  readonly found: (state: ClusterState) => T | undefined;
  readonly call: (permit: Permit) => Promise<unknown>;
  /** A member whose word on who leads does not count, since it is to go. */
  readonly exceptId?: string;
  /** How often it is made, where the list does not have it then. */
  readonly attempts?: number;
  /** What has been looked at this very moment: the first attempt goes by it. */
  readonly seen?: ClusterState;
}

/** A change that the list has, and the state that says so. */
export interface Changed<T> {
  readonly found: T;
  readonly state: ClusterState;
}

/**
 * Makes a change of the member list, and comes back when the list has it. What the call answers is never what counts, but
 * the list: an answer may be lost, and what was refused may have been made by an earlier leader.
 * @throws AgentError `MEMBERSHIP_REFUSED`, with what etcd said last; OperationStopped `NO_QUORUM`
 */
export async function changeMembers<T>(
  { step, found, call, exceptId, attempts = ATTEMPTS, seen }: MemberChange<T>,
  context: OperationContext,
  parts: Parts,
): Promise<Changed<T>> {
  const { signal } = context;
  let refused: unknown;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (attempt > 0) await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), undefined, { signal });
    const state = attempt === 0 && seen !== undefined ? seen : await steadyState(context, parts);
    const already = found(state);
    if (already !== undefined) return { found: already, state };
    const led = { ...state, members: wellVoters(state, exceptId) };
    const made = { ...step, ready: () => stillLedAs(led, parts, signal) };
    refused = await context.step(made, (permit) => call(permit).then(() => undefined, passing(signal))).catch(notMade);
    const after = await steadyState(context, parts);
    const now = found(after);
    if (now !== undefined) return { found: now, state: after };
  }
  const said = refused === undefined ? 'the member list does not have it' : faultOf(refused).message;
  throw new AgentError('MEMBERSHIP_REFUSED', `The step ${step.name} did not go in: ${said}`, {
    cause: refused,
    remedy: 'See whether all voters are connected to each other; it is tried again by itself.',
  });
}

/** What etcd or the connection said is kept; the end of the term or of the agent ends the operation. */
function passing(signal: AbortSignal): (error: unknown) => unknown {
  return (error) => {
    signal.throwIfAborted();
    if (faultOf(error).code === 'TERM_LOST') throw error;
    return error;
  };
}

function notMade(error: unknown): unknown {
  if (error instanceof OperationStopped && NOT_MADE.has(error.code)) return error;
  throw error;
}
