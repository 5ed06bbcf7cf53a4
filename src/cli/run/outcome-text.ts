import type { HistoryEntry } from '../../cluster/caretaking.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { formatSpan } from '../units.ts';

/** How an operation ended, in words. */
export function outcomeText({ operation, outcome, summary, code, reasons, seconds }: AsJson<HistoryEntry>): string {
  const after = outcome === 'refused' ? '' : ` after ${formatSpan(Number(seconds))}`;
  const why = code === undefined ? '' : ` (${code})`;
  const lines = [
    `${operation} ${outcome}${after}. ${summary}${why}`,
    ...(outcome === 'succeeded' ? [] : reasons.filter((reason) => reason !== summary).map((reason) => `  - ${reason}`)),
  ];
  return `${lines.join('\n')}\n`;
}
