import type { KeyHistory } from './history.ts';
import { linearizability } from './linearizable.ts';
import { lostWrites } from './lost-writes.ts';

/** What a recorded load shows of the cluster. */
export interface LoadVerdict {
  /** Sentences; none where all is well. */
  readonly problems: readonly string[];
  readonly keys: number;
  readonly operations: number;
  /** Keys whose histories would have taken too long to judge. */
  readonly givenUp: number;
}

/** Judges all that clients were told: nothing acknowledged is lost, and each register behaves as one. */
export function judge(histories: readonly KeyHistory[]): LoadVerdict {
  const problems: string[] = [];
  let givenUp = 0;
  for (const history of histories) {
    problems.push(...lostWrites(history));
    const judged = linearizability(withLastRead(history));
    if (judged === 'given-up') givenUp += 1;
    if (judged === 'not-linearizable') problems.push(`what was seen of ${history.key} cannot be put in any order`);
  }
  const operations = histories.reduce((sum, history) => sum + history.operations.length, 0);
  return { problems, keys: histories.length, operations, givenUp };
}

/** What is there at the end was read after every call that was answered. */
function withLastRead({ operations, last }: KeyHistory): KeyHistory['operations'] {
  if (last === undefined) return operations;
  const ends = operations.flatMap(({ endedMs, invokedMs }) => (Number.isFinite(endedMs) ? [endedMs] : [invokedMs]));
  const atMs = Math.max(0, ...ends) + 1;
  const answer = { kind: 'value', value: last.value } as const;
  return [...operations, { client: 'end', call: { kind: 'read' }, answer, invokedMs: atMs, endedMs: atMs + 1 }];
}
