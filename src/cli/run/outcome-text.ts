import type { HistoryEntry } from '../../cluster/caretaking.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { type Look, plainLook } from '../look.ts';
import { formatSpan } from '../units.ts';

/** The colour of how an operation ended. */
export const outcomeStyles = {
  succeeded: 'green',
  failed: 'red',
  stopped: 'yellow',
  refused: 'yellow',
} as const satisfies Record<HistoryEntry['outcome'], string>;

/** How an operation ended, in words. */
export function outcomeText(
  { operation, outcome, summary, code, reasons, seconds }: AsJson<HistoryEntry>,
  { paint }: Look = plainLook,
): string {
  const after = outcome === 'refused' ? '' : ` after ${formatSpan(Number(seconds))}`;
  const why = code === undefined ? '' : ` (${code})`;
  const lines = [
    `${operation} ${paint(outcomeStyles[outcome], outcome)}${after}. ${summary}${why}`,
    ...(outcome === 'succeeded' ? [] : reasons.filter((reason) => reason !== summary).map((reason) => `  - ${reason}`)),
  ];
  return `${lines.join('\n')}\n`;
}
