import type { HistoryEntry } from '../../cluster/caretaking.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { ClusterChange } from '../../expose/live/words.ts';

/** Something that was: an operation that ended, or a change that was seen. */
export type HistoryLine =
  | { readonly kind: 'operation'; readonly key: string; readonly atMs: number; readonly entry: AsJson<HistoryEntry> }
  | { readonly kind: 'change'; readonly key: string; readonly atMs: number; readonly change: AsJson<ClusterChange> };

/** A pause is in the history by who said it; that it was seen to begin says nothing more. */
const inHistory: ReadonlySet<string> = new Set(['paused', 'resumed']);

/** Pure: both as one list, the newest first. */
export function historyLines(
  history: readonly AsJson<HistoryEntry>[],
  changes: readonly AsJson<ClusterChange>[],
): readonly HistoryLine[] {
  const operations = history.map(
    (entry): HistoryLine => ({ kind: 'operation', key: `o${entry.revision}`, atMs: Number(entry.endedAtMs), entry }),
  );
  const has = new Set(history.map(({ operation }) => operation));
  const seen = changes
    .filter(({ kind }) => !(inHistory.has(kind) && has.has(kind === 'paused' ? 'pause' : 'resume')))
    .map(
      (change, index): HistoryLine => ({
        kind: 'change',
        key: `c${change.at} ${change.kind} ${change.member ?? ''} ${changes.length - index}`,
        atMs: Date.parse(change.at),
        change,
      }),
    );
  return [...operations, ...seen].sort((a, b) => b.atMs - a.atMs);
}
