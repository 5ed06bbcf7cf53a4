/**
 * One call of an operation, named so that the same call has the same name in every run, whichever members it concerns:
 * `defragment#2` is the second defragmentation, `defragment#2>status#1` the first Status asked for after it was begun.
 * What is polled counts once for each member.
 */
export type CallName = string;

/** Where in an agent's work something happens to its process. */
export interface FaultPoint {
  readonly call: CallName;
  /** `during`: the request has gone out, and the answer is not there yet. */
  readonly when: 'before' | 'during' | 'after';
}

/** What happens there, to the process as a whole. */
export type FaultSignal = 'SIGKILL' | 'SIGSTOP';

/** `slot#1 after`, as people read and type it. */
export function pointText({ call, when }: FaultPoint): string {
  return `${call} ${when}`;
}

/** Throws where it is no such text. */
export function parsePoint(text: string): FaultPoint {
  const [call = '', when] = text.split(' ');
  if (call === '' || (when !== 'before' && when !== 'during' && when !== 'after')) {
    throw new Error(`not a fault point: ${text} (as "slot#1 after")`);
  }
  return { call, when };
}

/** A call that changes the cluster or the journal; all others only look. */
export function isChange(call: CallName): boolean {
  return !call.includes('>');
}

/** One line of what an agent has recorded while it was armed. */
export interface RecordedCall {
  readonly atMs: number;
  readonly call: CallName;
  readonly edge: 'before' | 'after';
  /** With `after`: the code of the error that it ended with. */
  readonly code?: string;
}

/** What the test tells an agent's process. */
export interface ArmMessage {
  readonly arm: { readonly point?: FaultPoint; readonly signal: FaultSignal } | null;
}

/** What the agent's process tells the test. */
export type AgentMessage = { readonly url: string } | { readonly armed: boolean };
