import type { KeyspaceSection, PrefixTotals } from '../../cluster/sections.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { formatCount } from '../units.ts';
import { bytes } from './figures.ts';
import { bar, type Glyphs } from './glyphs.ts';
import { type Line, lineOf, span } from './line.ts';
import { faultOfPart, given, type Parts } from './parts.ts';
import type { Section } from './section.ts';
import { tableOf } from './table.ts';
import type { View } from './view.ts';

/** The depths that the agent keeps, and which of them is shown. */
export function depthsOf(
  { keyspace }: Parts,
  chosen: number | undefined,
): { depths: readonly number[]; depth: number | undefined } {
  const section = given(keyspace);
  const depths = (section?.levels ?? []).map(({ depth }) => Number(depth)).sort((a, b) => a - b);
  const isKept = chosen !== undefined && depths.includes(chosen);
  return { depths, depth: isKept ? chosen : section === undefined ? undefined : Number(section.depth) };
}

/** Who fills etcd, the busiest first. Undefined while nothing of it has come. */
export function prefixesSection(
  parts: Parts,
  { view, columns, glyphs }: { view: View; columns: number; glyphs: Glyphs },
): Section | undefined {
  const { keyspace } = parts;
  if (keyspace === undefined) return undefined;
  const section = given(keyspace);
  const { depth } = depthsOf(parts, view.depth);
  const rows = section?.levels.find((level) => Number(level.depth) === depth)?.prefixes ?? [];
  if (section === undefined || rows.length === 0) {
    return { ...empty, groups: [[lineOf(`  ${why(section, faultOfPart(keyspace))}`, 'dim')]] };
  }
  // The agent puts at the end what it has left out, summed up: that is no prefix, however much it is.
  const others = rows.filter(({ prefix }, index) => prefix === 'other' && index === rows.length - 1);
  const sorted = rows
    .filter((row) => !others.includes(row))
    .sort((a, b) => worth(b, view.prefixes) - worth(a, view.prefixes))
    .concat(others);
  const highest = Math.max(...sorted.map((row) => worth(row, view.prefixes)));
  const barColumns = Math.min(40, Math.max(10, Math.floor((columns - 60) / 2)));
  const { heading, rows: lines } = tableOf(
    [
      { title: `PREFIXES by ${view.prefixes}, depth ${depth}`, priority: 1, cell: ({ prefix }) => lineOf(prefix) },
      { title: 'KEYS', priority: 4, align: 'right', cell: ({ keys }) => lineOf(formatCount(Number(keys))) },
      { title: 'BYTES', priority: 3, align: 'right', cell: (row) => lineOf(bytes(row.bytes)) },
      { title: 'WRITES/s', priority: 2, align: 'right', cell: (row) => lineOf(Number(row.writesPerSecond).toFixed(1)) },
      {
        title: '',
        priority: 5,
        cell: (row) => lineOf(bar(highest > 0 ? worth(row, view.prefixes) / highest : 0, barColumns, glyphs)),
      },
    ],
    sorted,
    columns,
    glyphs,
  );
  const note = section.phase === 'current' ? [] : [span(' (scanning)', 'warn')];
  return {
    ...empty,
    heading: [...heading, ...note],
    groups: lines.map((line) => [line]),
    least: Math.min(3, lines.length),
  };
}

const empty = { name: 'prefixes', heading: lineOf('PREFIXES', 'title') as Line, least: 1, priority: 5 };

function worth(row: AsJson<PrefixTotals>, by: View['prefixes']): number {
  const value = Number(by === 'writes' ? row.writesPerSecond : row[by]);
  return Number.isFinite(value) ? value : 0;
}

function why(section: AsJson<KeyspaceSection> | undefined, fault: string | undefined): string {
  if (section === undefined) return `not known: ${fault ?? 'the agent has not said it yet'}`;
  const { phase, heldBy, waitingFor, scannedKeys } = section;
  if (phase === 'waiting') {
    return heldBy === undefined
      ? `not counted: ${waitingFor === undefined ? 'no agent keeps the totals' : `it waits for ${waitingFor}`}`
      : `the agent beside ${heldBy.member} is to keep the totals`;
  }
  return phase === 'scanning' ? `scanning: ${formatCount(Number(scannedKeys))} keys so far` : 'no keys';
}
