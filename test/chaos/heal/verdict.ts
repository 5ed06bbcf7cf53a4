import type { KeyHistory } from './history.ts';
import { linearizability } from './linearizable.ts';
import { type LostWrite, lostWrites } from './lost-writes.ts';

/** What a recorded load shows of the cluster. */
export interface LoadVerdict {
  /** Sentences; none where all is well. */
  readonly problems: readonly string[];
  readonly keys: number;
  readonly operations: number;
  /** Keys whose histories would have taken too long to judge. */
  readonly givenUp: number;
  /** Acknowledged writes that are missing, as was to be expected when the quorum was lost. */
  readonly forgiven: number;
  /** The same for each time that it was lost. */
  readonly missing: readonly number[];
}

/** So long after the quorum began to go a write may still have been acknowledged. */
const IN_FLIGHT_MS = 1000;

/** The quorum was lost for good: the agents' plan said what may be missing. */
export interface QuorumLoss {
  /** When, on the clock of the histories. */
  readonly atMs: number;
  /** What was acknowledged in so many seconds before. */
  readonly seconds: number;
  /** At most so many writes. */
  readonly writes: number;
}

/** Judges all that clients were told: nothing acknowledged is lost, and each register behaves as one. */
export function judge(histories: readonly KeyHistory[], losses: readonly QuorumLoss[] = []): LoadVerdict {
  const problems: string[] = [];
  let givenUp = 0;
  const missing = losses.map(() => 0);
  for (const history of histories) {
    const lost = lostWrites(history);
    for (const each of lost) {
      const at = losses.findIndex((loss) => isExcused(each, loss));
      if (at < 0) problems.push(each.text);
      else missing[at] = (missing[at] ?? 0) + 1;
    }
    // Where something is missing with good reason, what is there at the end does not follow from what was seen.
    const judged = linearizability(lost.length > 0 ? history.operations : withLastRead(history));
    if (judged === 'given-up') givenUp += 1;
    if (judged === 'not-linearizable') problems.push(`what was seen of ${history.key} cannot be put in any order`);
  }
  for (const [at, { writes }] of losses.entries()) {
    const count = missing[at] ?? 0;
    if (count > writes) problems.push(`${count} acknowledged writes are missing, and the plan had said ${writes}`);
  }
  const forgiven = missing.reduce((sum, count) => sum + count, 0);
  const operations = histories.reduce((sum, history) => sum + history.operations.length, 0);
  return { problems, keys: histories.length, operations, givenUp, forgiven, missing };
}

function isExcused({ acknowledgedMs }: LostWrite, { atMs, seconds }: QuorumLoss): boolean {
  if (acknowledgedMs === undefined) return false;
  return acknowledgedMs >= atMs - seconds * 1000 && acknowledgedMs <= atMs + IN_FLIGHT_MS;
}

/** What is there at the end was read after every call that was answered. */
function withLastRead({ operations, last }: KeyHistory): KeyHistory['operations'] {
  if (last === undefined) return operations;
  const ends = operations.flatMap(({ endedMs, invokedMs }) => (Number.isFinite(endedMs) ? [endedMs] : [invokedMs]));
  const atMs = Math.max(0, ...ends) + 1;
  const answer = { kind: 'value', value: last.value } as const;
  return [...operations, { client: 'end', call: { kind: 'read' }, answer, invokedMs: atMs, endedMs: atMs + 1 }];
}
