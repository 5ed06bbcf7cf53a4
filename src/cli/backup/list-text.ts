import type { ListedChain, Listing } from '../../backup/list-chains.ts';
import { type Look, plainLook } from '../look.ts';
import { formatTable, right, spare } from '../table.ts';
import { formatBytes, formatCount, formatSpan } from '../units.ts';

const HEADER = [
  'ID',
  right('FULL'),
  right('AGE'),
  right('SIZE'),
  spare(right('KEYS')),
  spare(right('SEGMENTS')),
  spare(right('DELTAS')),
  right('TO REVISION'),
  spare('LAST WRITE'),
  'VERIFIED',
  'HELD',
  spare('ENCRYPTED'),
];

/** The chains of a timeline as a table, and what lies between them that cannot be restored. */
export function listText({ chains, gaps, thinned }: Listing, nowMs: number, look: Look = plainLook): string {
  const { paint } = look;
  if (chains.length === 0) return `${paint('yellow', 'There is no full snapshot yet.')}\n`;
  const rows = chains.map((chain) => rowOf(chain, nowMs, look));
  const problems = chains
    .filter(({ problem }) => problem !== undefined)
    .map(({ firstRevision, problem }) => `${firstRevision}: ${paint('red', problem ?? '')}\n`);
  const missing = gaps.map(({ from, to }) => `${paint('red', `No segment holds revisions ${from} to ${to}.`)}\n`);
  const away = thinned.map(({ from, to }) => `Retention has taken revisions ${from} to ${to} away.\n`);
  const more = [...problems, ...missing, ...away].join('');
  return `${formatTable(HEADER, rows, look)}${more === '' ? '' : `\n${more}`}`;
}

function rowOf(chain: ListedChain, nowMs: number, { paint }: Look): readonly string[] {
  const { manifest } = chain;
  const ago = (ms: number): string => formatSpan(Math.max(0, nowMs - ms) / 1000);
  return [
    chain.id,
    String(chain.firstRevision),
    manifest === undefined ? '?' : ago(manifest.endedAtMs),
    manifest === undefined ? '?' : formatBytes(manifest.stored.bytes),
    manifest === undefined ? '?' : `${manifest.keysExact === false ? 'about ' : ''}${formatCount(manifest.keys)}`,
    formatCount(chain.segments),
    formatBytes(chain.segmentBytes),
    String(chain.lastRevision),
    `${ago(chain.writtenAtMs)} ago`,
    chain.verified === undefined ? paint('dim', 'no') : paint('green', verifiedText(chain.verified, ago)),
    chain.held === undefined ? paint('dim', 'no') : (chain.held.reason ?? 'yes, it cannot be read why'),
    manifest === undefined ? '?' : manifest.encryption === undefined ? 'no' : manifest.encryption.keyIds.join(' '),
  ];
}

function verifiedText({ by, atMs }: NonNullable<ListedChain['verified']>, ago: (ms: number) => string): string {
  return by === undefined || atMs === undefined ? 'yes, it cannot be read how' : `${by}, ${ago(atMs)} ago`;
}
