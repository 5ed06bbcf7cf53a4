import { type Look, plainLook } from '../look.ts';
import { formatTable, right } from '../table.ts';
import { formatBytes, formatCount } from '../units.ts';
import type { PruneReport } from './prune-report.ts';

/** Every object with what becomes of it and why, and what that comes to. */
export function pruneText(report: PruneReport, look: Look = plainLook): string {
  const { paint } = look;
  const { dryRun, objects, keptBytes, removedBytes, cooledBytes, overBytes, denied, notCooled, thinned } = report;
  const rows = objects.map(({ key, bytes, outcome, reason, chain }) => [
    outcome,
    formatBytes(bytes),
    reason,
    chain ?? '-',
    key,
  ]);
  const [removing, cooling, taking] = dryRun
    ? ['would be removed', 'would move to the colder class', 'would be taken away']
    : ['removed', 'moved to the colder class', 'taken away'];
  const lines = [
    `${formatBytes(removedBytes)} ${removing}, ${formatBytes(keptBytes)} ${dryRun ? 'would be ' : ''}kept.`,
    ...(cooledBytes > 0 ? [`${formatBytes(cooledBytes)} ${cooling}.`] : []),
    ...(report.uploads > 0 ? [`${formatCount(report.uploads)} uploads that never ended ${taking}.`] : []),
    ...thinned.map(({ from, to }) => `Between chains that stay, revisions ${from} to ${to} are gone.`),
    ...(overBytes > 0 ? [`What must be kept is ${formatBytes(overBytes)} more than the total size.`] : []),
    ...denied.map((key) => `${paint('red', 'DENIED')}  ${key}: the store does not allow it.`),
    ...notCooled.map(({ message }) => `${paint('red', 'NOT MOVED')}  ${message}`),
    ...(report.uploadsProblem === undefined ? [] : [`Uploads that never ended: ${report.uploadsProblem}`]),
  ];
  const table =
    rows.length === 0 ? '' : `${formatTable(['VERDICT', right('SIZE'), 'REASON', 'CHAIN', 'OBJECT'], rows, look)}\n`;
  return `${table}${lines.join('\n')}\n`;
}
