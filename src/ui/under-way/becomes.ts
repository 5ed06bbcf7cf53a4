import type { IconName } from '../frame/icon.tsx';
import { isFault, type PartsOf } from '../live/parts.ts';

/** What was asked for in this page. */
export interface Wanted {
  readonly id: string;
  readonly operation: string;
  readonly member?: string;
}

/** Pure: where it is now. The operation and its entry in the history have the id of the request. */
export function becomeOf(
  { id, operation }: Wanted,
  { operations, decisions }: PartsOf<'operations' | 'decisions'>,
): readonly [IconName, string] {
  if (operations === undefined || isFault(operations)) return ['unknown', 'what becomes of it is not known now'];
  const ended = operations.history.find((entry) => entry.id === id);
  if (ended !== undefined) {
    return [ended.outcome === 'succeeded' ? 'good' : 'bad', `${ended.outcome}. ${ended.summary}`];
  }
  if (operations.slot?.id === id) return ['busy', 'under way'];
  if (operations.slot !== undefined) return ['pause', `waits until ${operations.slot.operation} is over`];
  const decision =
    decisions === undefined || isFault(decisions)
      ? undefined
      : decisions.decisions.find(({ policy }) => policy === operation);
  return decision === undefined || decision.decision === 'act'
    ? ['pause', 'the leading agent has not begun yet']
    : ['pause', `held: ${decision.reasons[0].message}`];
}
