import type { KeyHistory, Operation } from './history.ts';

/** A write that was acknowledged and is missing, or a value that nobody wrote. */
export interface LostWrite {
  readonly text: string;
  /** Absent where it is about a value that nobody wrote. */
  readonly acknowledgedMs?: number;
}

/**
 * Acknowledged writes that are neither there at the end nor were overwritten by another one; none where all is well.
 * It asks less than linearizability does, and says more plainly what is missing.
 */
export function lostWrites({ key, operations, last }: KeyHistory): readonly LostWrite[] {
  if (last === undefined) return [];
  const changes = operations.flatMap((operation) => written(operation));
  const present = changes.find(({ value }) => value === last.value);
  if (last.value !== undefined && present === undefined)
    return [{ text: `${key} holds ${last.value}, which nobody wrote` }];
  return changes
    .filter(({ sure, value }) => sure && value !== last.value)
    .filter(({ operation }) => present === undefined || operation.invokedMs > present.operation.endedMs)
    .map(({ operation, value }) => {
      const when = `acknowledged to ${operation.client} at ${operation.endedMs.toFixed(0)} ms`;
      const text = `${key} holds ${last.value ?? 'nothing'}, but ${value} was ${when}, later than that`;
      return { text, acknowledgedMs: operation.endedMs };
    });
}

interface Change {
  readonly operation: Operation;
  readonly value: string;
  /** It was acknowledged. */
  readonly sure: boolean;
}

/** What a call has written, or may have. */
function written(operation: Operation): readonly Change[] {
  const { call, answer } = operation;
  if (call.kind === 'read' || (answer.kind === 'swapped' && !answer.done)) return [];
  return [{ operation, value: call.value, sure: answer.kind !== 'unknown' }];
}
