import { within } from '../abort/linked-abort.ts';

/** A call to one member, which ends with the signal, after `patienceMs` at the latest. */
export type Ask<C, T> = (client: C, signal: AbortSignal, patienceMs: number) => Promise<T>;

/**
 * The own member's answer; where it has none within `ownTimeoutMs`, the first one of the others, all asked at once and for
 * `othersTimeoutMs`. Where nobody answers, the own member's failure: it says what is wrong beside this agent.
 */
export async function firstAnswer<C, T>(
  parties: { readonly own: C; readonly others: readonly C[] },
  ask: Ask<C, T>,
  options: { readonly ownTimeoutMs: number; readonly othersTimeoutMs: number; readonly signal: AbortSignal },
): Promise<T> {
  const { signal, ownTimeoutMs, othersTimeoutMs } = options;
  try {
    return await within([signal], ownTimeoutMs, (until) => ask(parties.own, until, ownTimeoutMs));
  } catch (error) {
    signal.throwIfAborted();
    try {
      return await within([signal], othersTimeoutMs, (until) =>
        Promise.any(parties.others.map((other) => ask(other, until, othersTimeoutMs))),
      );
    } catch {
      throw error;
    }
  }
}
