import type { AsJson } from '../expose/as-json.ts';
import type { Status } from '../expose/status.ts';
import { formatBytes, formatSpan } from './units.ts';

const sources = {
  snapshot: 'snapshot',
  'database-file': 'copy of the database file',
  'data-dir': 'copy of the data dir',
} as const;

/** What a status says of last gasps; empty while there was never a need. */
export function lastGaspText({ lastGasp, agent }: AsJson<Status>, nowMs: number): string {
  if (lastGasp === undefined) return '';
  const { newest, underWay, quorumLost, fault } = lastGasp;
  const lines = [
    ...(underWay ? [`what ${agent.member} has is being kept`] : []),
    ...(quorumLost && fault !== undefined ? [`NONE of this loss of the quorum: ${fault.message}`] : []),
    ...(newest === undefined ? [] : [keptLine(newest, nowMs)]),
  ];
  return lines.length === 0 ? '' : `Last gasp ${lines.join('\n          ')}\n`;
}

type Kept = NonNullable<NonNullable<AsJson<Status>['lastGasp']>['newest']>;

function keptLine({ path, source, takenAtMs, bytes, revision }: Kept, nowMs: number): string {
  const age = formatSpan(Math.max(0, nowMs - Number(takenAtMs)) / 1000);
  const at = revision === undefined ? '' : ` at revision ${revision}`;
  return `${sources[source]}${at}, ${formatBytes(Number(bytes))}, ${age} ago: ${path}`;
}
