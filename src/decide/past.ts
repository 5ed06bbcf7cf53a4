import type { HistoryEntry, OperationName } from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * How long ago something was, by the wall clock. What lies in the future (a clock was set back, or another machine's is
 * ahead) counts as just now: a wrong clock makes the agents wait, never hurry.
 */
export function sinceMs(nowMs: number, atMs: number): number {
  return Math.max(0, nowMs - atMs);
}

/** The ended operations of one kind, newest first; refused requests were none. */
export function endedOf(history: readonly HistoryEntry[], operation: OperationName): readonly HistoryEntry[] {
  return history.filter((entry) => entry.operation === operation && entry.outcome !== 'refused');
}

/** Whether an operation only took a danger away (`Decision.makesSafe`): a rollout of no pod raises a partition that was left lowered, and no more. */
export function onlyMadeSafe({ operation, targets }: Pick<HistoryEntry, 'operation' | 'targets'>): boolean {
  return operation === 'rollout' && targets.length === 0;
}

/** The newest one that defragmented this member, or tried to. */
export function lastDefragOf(history: readonly HistoryEntry[], memberId: string): HistoryEntry | undefined {
  return history.find(
    ({ operation, outcome, targets, steps }) =>
      outcome !== 'refused' &&
      ((operation === 'defrag' && outcome === 'succeeded' && targets.includes(memberId)) ||
        steps.some((step) => step.name === 'defragment' && step.memberId === memberId)),
  );
}

/** Failures of an operation in a row, the newest included, since somebody last said `resume`; what only made safe again says nothing of it. */
export function failuresInRow({ history, resumedRevision }: ClusterState, operation: OperationName): number {
  const ended = endedOf(history, operation).filter((entry) => !onlyMadeSafe(entry) && entry.revision > resumedRevision);
  const succeeded = ended.findIndex(({ outcome }) => outcome !== 'failed');
  return succeeded === -1 ? ended.length : succeeded;
}

/** Operations that count against the budget of a day: not those of people, not what NOSPACE took, and not what only made safe again. */
export function budgetedToday({ history, nowMs }: ClusterState, names: readonly string[]): number {
  return history.filter(
    (entry) =>
      names.includes(entry.operation) &&
      entry.operation !== 'nospace' &&
      !onlyMadeSafe(entry) &&
      entry.outcome !== 'refused' &&
      entry.requestedBy === undefined &&
      isWithinDay(nowMs, entry.endedAtMs),
  ).length;
}

/** Whether it was in the last 24 hours. */
export function isWithinDay(nowMs: number, atMs: number): boolean {
  return sinceMs(nowMs, atMs) < DAY_MS;
}

/** The newest figure of that name. */
export function lastFigure(history: readonly HistoryEntry[], name: string): number | undefined {
  return history.find(({ figures }) => figures[name] !== undefined)?.figures[name];
}
