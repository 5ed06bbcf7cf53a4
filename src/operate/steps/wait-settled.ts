import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { Reason } from '../../cluster/caretaking.ts';
import type { Reads } from '../effects.ts';
import type { OperateTiming } from '../timing.ts';
import { MOST_LAG_ENTRIES } from './unsafe.ts';

/** Reads through a quorum that have to succeed one after the other. */
const READS = 3;

/**
 * Waits until a member that was blocked takes part again: caught up, three reads through a quorum in a row, and no election
 * for `settleMs`. Gives the reason why it did not get there; an election meanwhile is one.
 * @param voters ids of all voters, the member among them
 * @param raftTerm as it was before; absent: as it is now
 */
export async function waitSettled(
  { memberId, voters, raftTerm }: { memberId: string; voters: readonly string[]; raftTerm?: bigint },
  { effects: reads, timing }: { effects: Reads; timing: OperateTiming },
  signal: AbortSignal,
): Promise<Reason | undefined> {
  const begunMs = performance.now();
  let term = raftTerm;
  let wellSinceMs: number | undefined;
  let wrong = 'it has not answered yet';
  for (;;) {
    const look = await lookAt(memberId, voters, reads, signal).catch((error: unknown) => ({
      wrong: faultOf(error).message,
    }));
    signal.throwIfAborted();
    const nowMs = performance.now();
    if ('term' in look) {
      if (term !== undefined && look.term !== term) {
        const message = `the raft term rose from ${term} to ${look.term} after ${memberId} was blocked: there was an election`;
        return { code: 'ELECTION', message };
      }
      term = look.term;
    }
    if ('wrong' in look) {
      wrong = look.wrong;
      wellSinceMs = undefined;
    } else {
      wellSinceMs ??= nowMs;
      if (nowMs - wellSinceMs >= timing.settleMs) return undefined;
    }
    if (nowMs - begunMs > timing.settleWithinMs) {
      const message = `${memberId} did not settle within ${Math.round(timing.settleWithinMs / 1000)} s: ${wrong}`;
      return { code: 'NOT_SETTLED', message };
    }
    await sleep(Math.min(timing.pollMs, timing.settleMs), undefined, { signal });
  }
}

type Look = { readonly term: bigint } | { readonly term: bigint; readonly wrong: string };

async function lookAt(memberId: string, voters: readonly string[], reads: Reads, signal: AbortSignal): Promise<Look> {
  const statuses = await Promise.all(voters.map((id) => reads.status(id, signal)));
  const own = statuses[voters.indexOf(memberId)];
  const highest = highestOf(statuses.map(({ raftIndex }) => raftIndex));
  const term = highestOf(statuses.map(({ raftTerm }) => raftTerm));
  const lag = own === undefined ? highest : highest - own.raftAppliedIndex;
  if (lag > MOST_LAG_ENTRIES) return { term, wrong: `it lags ${lag} entries` };
  for (let read = 0; read < READS; read += 1) await reads.linearizableRead(memberId, signal);
  return { term };
}

/** Math.max takes no bigint. */
function highestOf(values: readonly bigint[]): bigint {
  return values.toSorted((a, b) => (a < b ? -1 : Number(a > b))).at(-1) ?? 0n;
}
