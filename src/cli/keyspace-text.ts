import type { KeyspaceSection, PrefixTotals } from '../cluster/sections.ts';
import type { AsJson } from '../expose/as-json.ts';
import { type Look, plainLook } from './look.ts';
import { formatTable, right } from './table.ts';
import { formatBytes, formatCount, formatPercent } from './units.ts';

/** What `keyspace` prints as data. */
export interface KeyspaceReport {
  /** URL of the agent that answered. */
  readonly agent: string;
  readonly phase: 'scanning' | 'current';
  /** What the scan waits for before it goes on. */
  readonly waitingFor?: string;
  /** The revision at which the totals are exact; absent while they are not. */
  readonly revision?: string;
  readonly scannedKeys: number;
  readonly depth: number;
  readonly keys: number;
  readonly bytes: number;
  readonly prefixes: readonly (PrefixTotals & {
    /** Part of all bytes, from 0 to 1. */
    readonly share: number;
  })[];
}

/** The report on one depth; undefined when the agent does not keep prefixes so deep. */
export function keyspaceReport(
  agent: string,
  section: AsJson<KeyspaceSection>,
  depth: number,
): KeyspaceReport | undefined {
  const { phase, waitingFor, revision, scannedKeys, levels } = section;
  const prefixes = levels.find((level) => level.depth === depth)?.prefixes;
  if (prefixes === undefined || phase === 'waiting') {
    return undefined;
  }
  const rows = prefixes.map((row) => ({
    prefix: row.prefix,
    keys: Number(row.keys),
    bytes: Number(row.bytes),
    writes: Number(row.writes),
    writesPerSecond: Number(row.writesPerSecond),
  }));
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  return {
    agent,
    phase,
    ...(waitingFor === undefined ? {} : { waitingFor }),
    ...(revision === undefined ? {} : { revision }),
    scannedKeys: Number(scannedKeys),
    depth,
    keys: rows.reduce((sum, row) => sum + row.keys, 0),
    bytes,
    prefixes: rows.map((row) => ({ ...row, share: bytes === 0 ? 0 : row.bytes / bytes })),
  };
}

/** The report as a table, numbers to the right, and what the numbers are worth; that alone while no key is counted yet. */
export function keyspaceText(report: KeyspaceReport, look: Look = plainLook): string {
  const { paint } = look;
  const { phase, prefixes, keys, bytes } = report;
  if (phase === 'scanning' && keys === 0) {
    return `${paint('yellow', worth(report))}\n`;
  }
  const rows = prefixes.map((row) => [
    row.prefix,
    formatCount(row.keys),
    formatBytes(row.bytes),
    formatPercent(row.share),
    row.writesPerSecond.toFixed(1),
  ]);
  const writes = prefixes.reduce((sum, { writesPerSecond }) => sum + writesPerSecond, 0);
  const total = ['total', formatCount(keys), formatBytes(bytes), '', writes.toFixed(1)];
  const header = ['PREFIX', right('KEYS'), right('BYTES'), right('SHARE'), right('WRITES/s')];
  const style = phase === 'current' ? 'dim' : 'yellow';
  return `${paint(style, worth(report))}\n\n${formatTable(header, [...rows, total], look)}`;
}

function worth({ phase, waitingFor, revision, scannedKeys, keys, agent }: KeyspaceReport): string {
  if (phase === 'current') {
    return `Keys and values at revision ${revision}, from the agent at ${agent}.`;
  }
  const what = keys === 0 ? 'ask again in some seconds' : 'what follows is the part that has been read';
  const held = waitingFor === undefined ? '' : `; it waits for ${waitingFor}`;
  return `Scanning: ${formatCount(scannedKeys)} keys so far${held}; ${what} (agent at ${agent}).`;
}
