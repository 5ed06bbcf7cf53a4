import type { ChangeCounts } from '../../backup/compare/change-totals.ts';
import { type Look, plainLook } from '../look.ts';
import { formatTable, right } from '../table.ts';
import { formatBytes, formatCount } from '../units.ts';
import { type DiffReport, keysIn, type ReportedKey } from './diff-report.ts';

const COUNTS = ['ADDED', 'REMOVED', 'CHANGED', 'REWRITTEN', 'BEFORE', 'AFTER', 'GREW'].map(right);
const SIGNS = { added: '+', removed: '-', changed: '~', rewritten: '=' } as const;

/** What lies between two points, for a person. */
export function diffText(report: DiffReport, look: Look = plainLook): string {
  const { from, to, total, prefixes, morePrefixes, resources, moreResources, keys, moreKeys = 0 } = report;
  const { added, removed, changed, rewritten } = total;
  const counts = `${formatCount(added)} added, ${formatCount(removed)} removed, ${formatCount(changed)} changed, ${formatCount(rewritten)} rewritten with the same value`;
  const blocks = [`Revision ${from} to ${to}, keys: ${counts}; ${grew(total)}.\n${notes(report, look)}`];
  if (keysIn(total) > 0) {
    const rows = prefixes.map(({ prefix, ...row }) => [prefix, ...cells(row)]);
    rows.push(['total', ...cells(total)]);
    blocks.push(`${formatTable(['PREFIX', ...COUNTS], rows, look)}${more(morePrefixes)}`);
  }
  if (resources.length > 0) {
    const rows = resources.map(({ resource, namespace = '-', ...row }) => [resource, namespace, ...cells(row)]);
    blocks.push(`${formatTable(['RESOURCE', 'NAMESPACE', ...COUNTS], rows, look)}${more(moreResources)}`);
  }
  if (keys !== undefined && keys.length > 0) blocks.push(`${keys.map(keyLine).join('')}${more(moreKeys)}`);
  return blocks.join('\n');
}

function notes({ read, lost, avoided }: DiffReport, { paint }: Look): string {
  const lines = avoided.map(({ key, message }) => `${paint('red', 'BROKEN')}  ${key}: ${message}`);
  if (lost !== undefined)
    lines.push(`${paint('red', 'LOST')}    revisions ${lost.from} to ${lost.to}: no whole chain reaches them.`);
  if (read === 'states') {
    lines.push('note    Not every change in between is in the store: all keys of both points were compared.');
  }
  return lines.map((line) => `${line}\n`).join('');
}

function cells(counts: ChangeCounts): readonly string[] {
  const { added, removed, changed, rewritten, bytesBefore, bytesAfter } = counts;
  const numbers = [added, removed, changed, rewritten].map((count) => formatCount(count));
  return [...numbers, formatBytes(bytesBefore), formatBytes(bytesAfter), signed(bytesAfter - bytesBefore)];
}

function grew({ bytesBefore, bytesAfter }: ChangeCounts): string {
  const bytes = bytesAfter - bytesBefore;
  if (bytes === 0) return 'together as large as before';
  return `together ${formatBytes(Math.abs(bytes))} ${bytes > 0 ? 'larger' : 'smaller'}`;
}

function signed(bytes: number): string {
  return bytes > 0 ? `+${formatBytes(bytes)}` : formatBytes(bytes);
}

function keyLine({ key, kind, before, after }: ReportedKey): string {
  const sizes = [before, after].flatMap((state) => (state === undefined ? [] : [formatBytes(state.valueBytes)]));
  const isOne = sizes.length === 1 || kind === 'rewritten';
  return `${SIGNS[kind]} ${key}  ${isOne ? sizes[0] : sizes.join(' -> ')}\n`;
}

function more(count: number): string {
  return count === 0 ? '' : `and ${formatCount(count)} more (--limit)\n`;
}
