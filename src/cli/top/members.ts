import type { AsJson } from '../../expose/as-json.ts';
import type { HistoryReply, MemberBrief } from '../../expose/live/words.ts';
import type { StatusMember } from '../../expose/status.ts';
import { formatCount, formatSpan } from '../units.ts';
import { ago, bytes, finite, latency, percent } from './figures.ts';
import { fsyncGraph } from './fsync-graph.ts';
import { bar, type Glyphs, sparkline } from './glyphs.ts';
import { type Line, lineOf, type Style, span } from './line.ts';
import type { Parts } from './parts.ts';
import type { Section } from './section.ts';
import { type Column, tableOf } from './table.ts';
import type { View } from './view.ts';

const QUOTA_BAR_COLUMNS = 6;
const DAY_MS = 86_400_000;

/** One member with all that is known of it. */
interface Row {
  readonly status: AsJson<StatusMember>;
  readonly name: string;
  /** Absent where its agent does not answer: what it said before is not true any more. */
  readonly brief?: AsJson<MemberBrief>;
  readonly silentSince?: string;
  /** No agent is known beside it. */
  readonly noAgent: boolean;
  readonly history?: AsJson<HistoryReply>;
}

/** The members, with what their agents know of them. Undefined while the member list is not known. */
export function membersSection(
  parts: Parts,
  { view, columns, nowMs, glyphs }: { view: View; columns: number; nowMs: number; glyphs: Glyphs },
): Section | undefined {
  const rows = sortedRows(rowsOf(parts), view.members);
  if (rows.length === 0) return undefined;
  const table = tableOf(columnsOf(rows, columns, nowMs, glyphs), rows, columns, glyphs);
  const { length: hidden } = table.leftOut;
  return {
    name: 'members',
    heading: table.heading,
    groups: table.rows.map((row) => [row]),
    least: Math.min(3, rows.length),
    ...(hidden === 0 ? {} : { hidden: `${hidden} columns` }),
    priority: 2,
  };
}

function rowsOf({ status, members = [], history = [] }: Parts): readonly Row[] {
  return (status?.members ?? []).map((member) => {
    const name = member.name || member.id;
    const sight = members.find(({ memberId }) => memberId === member.id);
    const own = history.find(
      ({ memberId, member: of }) => (memberId ?? of) === (memberId === undefined ? name : member.id),
    );
    const answers = sight?.silentSince === undefined;
    return {
      status: member,
      name,
      ...(sight?.brief === undefined || !answers ? {} : { brief: sight.brief }),
      noAgent: answers && sight?.brief === undefined && sight?.fault !== undefined,
      ...(sight?.silentSince === undefined ? {} : { silentSince: sight.silentSince }),
      ...(own === undefined || !answers ? {} : { history: own }),
    };
  });
}

function sortedRows(rows: readonly Row[], by: View['members']): readonly Row[] {
  const byName = rows.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const worth: Readonly<Record<Exclude<View['members'], 'name'>, (row: Row) => number>> = {
    fsync: ({ brief }) => finite(brief?.latency.walFsyncP99Seconds) ?? -1,
    lag: ({ status }) => Number(status.raftIndexLagEntries ?? -1),
    quota: ({ brief }) => finite(brief?.quota?.usedRatio) ?? -1,
    rtt: ({ brief }) => worstRtt(brief).seconds ?? -1,
  };
  return by === 'name' ? byName : byName.toSorted((a, b) => worth[by](b) - worth[by](a));
}

function columnsOf(rows: readonly Row[], columns: number, nowMs: number, glyphs: Glyphs): readonly Column<Row>[] {
  // A graph is as long as there is room.
  const graph = fsyncGraph(rows, Math.min(30, Math.max(8, Math.floor((columns - 80) / 3))));
  const anySilent = rows.some(({ silentSince, noAgent }) => silentSince !== undefined || noAgent);
  const anyCertificate = rows.some(({ brief }) => brief?.certificate !== undefined);
  return [
    { title: 'MEMBER', priority: 1, cell: ({ name, status }) => lineOf(`${name}${status.own ? ' *' : ''}`, 'strong') },
    {
      title: 'ROLE',
      priority: 4,
      cell: ({ status }) => lineOf(status.role, status.role === 'leader' ? 'strong' : 'plain'),
    },
    { title: 'HEALTH', priority: 2, cell: ({ status }) => health(status) },
    ...(anySilent ? [{ title: 'AGENT', priority: 3, cell: (row: Row) => agentCell(row, nowMs) }] : []),
    { title: 'LAG', priority: 7, align: 'right', cell: ({ status }) => lineOf(lag(status)) },
    {
      title: 'FSYNC p99',
      priority: 3,
      align: 'right',
      cell: ({ brief }) => lineOf(latency(brief?.latency.walFsyncP99Seconds)),
    },
    {
      title: formatSpan(Math.round(graph.spanSeconds / 60) * 60),
      priority: 6,
      cell: (row) => lineOf(sparkline(graph.cells.get(row) ?? [], graph.highest, glyphs)),
    },
    {
      title: 'COMMIT p99',
      priority: 11,
      align: 'right',
      cell: ({ brief }) => lineOf(latency(brief?.latency.backendCommitP99Seconds)),
    },
    { title: 'RTT', priority: 9, align: 'right', cell: ({ brief }) => rtt(brief) },
    { title: 'DISK FREE', priority: 10, align: 'right', cell: ({ brief }) => diskFree(brief) },
    { title: 'QUOTA', priority: 5, cell: ({ brief }) => quota(brief, glyphs) },
    { title: 'FULL IN', priority: 8, align: 'right', cell: ({ brief }) => fullIn(brief) },
    { title: 'VERSION', priority: 13, cell: ({ status }) => lineOf(status.version ?? '-') },
    ...(anyCertificate
      ? [{ title: 'CERT', priority: 12, align: 'right' as const, cell: ({ brief }: Row) => certificate(brief, nowMs) }]
      : []),
  ];
}

function health({ healthy, reachable }: Row['status']): Line {
  if (healthy) return lineOf('healthy', 'good');
  return reachable ? lineOf('unhealthy', 'warn') : lineOf('unreachable', 'bad');
}

function agentCell({ silentSince, noAgent }: Row, nowMs: number): Line {
  if (noAgent) return lineOf('none', 'warn');
  return silentSince === undefined
    ? lineOf('answers')
    : lineOf(`silent ${ago(Date.parse(silentSince), nowMs)}`, 'warn');
}

function lag({ raftIndexLagEntries }: Row['status']): string {
  return raftIndexLagEntries === undefined ? '-' : formatCount(Number(raftIndexLagEntries));
}

/** The longest round trip to another member, and to how many there is none. */
function worstRtt(brief: AsJson<MemberBrief> | undefined): { readonly seconds?: number; readonly cut: number } {
  const peers = brief?.peers ?? [];
  const known = peers.flatMap(({ rttSeconds }) => finite(rttSeconds) ?? []);
  const cut = peers.filter(({ rttSeconds, fault }) => rttSeconds === undefined && fault !== undefined).length;
  return { cut, ...(known.length === 0 ? {} : { seconds: Math.max(...known) }) };
}

function rtt(brief: AsJson<MemberBrief> | undefined): Line {
  const { seconds, cut } = worstRtt(brief);
  return cut === 0 ? lineOf(latency(seconds)) : lineOf(`${cut} cut`, 'bad');
}

/** Of the disk that has the smallest part left. */
function diskFree(brief: AsJson<MemberBrief> | undefined): Line {
  const disks = (brief?.disks ?? []).flatMap(({ sizeBytes, availableBytes }) => {
    const [size, free] = [finite(sizeBytes), finite(availableBytes)];
    return size === undefined || free === undefined || size === 0 ? [] : [{ free, share: free / size }];
  });
  const [least] = disks.toSorted((a, b) => a.share - b.share);
  return least === undefined
    ? lineOf('-')
    : lineOf(bytes(least.free), least.share < 0.05 ? 'bad' : least.share < 0.15 ? 'warn' : 'plain');
}

function quota(brief: AsJson<MemberBrief> | undefined, glyphs: Glyphs): Line {
  const ratio = finite(brief?.quota?.usedRatio);
  if (ratio === undefined) return lineOf(brief?.quota?.quotaSource === 'disabled' ? 'disabled' : '-');
  const style: Style = ratio >= 0.95 ? 'bad' : ratio >= 0.8 ? 'warn' : 'plain';
  return [span(bar(ratio, QUOTA_BAR_COLUMNS, glyphs), style), span(` ${percent(ratio)}`)];
}

function fullIn(brief: AsJson<MemberBrief> | undefined): Line {
  const seconds = brief?.quota?.fullInSeconds;
  if (seconds === '+Inf') return lineOf('never', 'dim');
  return seconds === undefined
    ? lineOf('-')
    : lineOf(formatSpan(Number(seconds)), Number(seconds) < 86_400 ? 'warn' : 'plain');
}

function certificate(brief: AsJson<MemberBrief> | undefined, nowMs: number): Line {
  const leftMs = Date.parse(brief?.certificate?.notAfter ?? '') - nowMs;
  if (Number.isNaN(leftMs)) return lineOf('-');
  if (leftMs <= 0) return lineOf('expired', 'bad');
  const days = Math.floor(leftMs / DAY_MS);
  return lineOf(`${days} d`, days < 7 ? 'bad' : days < 30 ? 'warn' : 'plain');
}
