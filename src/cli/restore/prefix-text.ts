import type { DifferenceKind } from '../../backup/restore/prefix/key-change.ts';
import type { PrefixRestoreResult } from '../../backup/restore/prefix/restore-prefix.ts';
import type { DifferenceSummary, UnwrittenKey, WriteSummary } from '../../backup/restore/prefix/tally.ts';
import type { UndoResult } from '../../backup/restore/prefix/undo.ts';
import { formatTable } from '../table.ts';
import { formatBytes, formatCount } from '../units.ts';
import { type RestoreSource, sourceText } from './source.ts';

const KINDS: Readonly<Record<DifferenceKind, string>> = {
  'put-back': 'put back',
  'change-back': 'change back',
  delete: 'delete',
  'changed-since': 'changed since',
  leased: 'leased',
  keep: 'extra',
};
const MEANINGS: Readonly<Record<DifferenceKind, string>> = {
  'put-back': 'not there now',
  'change-back': 'another value now',
  delete: 'not there then',
  'changed-since': 'written by somebody else since: stays as it is',
  leased: 'under a lease, then or now: stays as it is (--with-leased)',
  keep: 'not there then: stays (--delete-extra)',
};
const RESULTS: Readonly<Record<UnwrittenKey['result'], string>> = {
  conflict: 'CONFLICT ',
  'too-large': 'TOO LARGE',
  'lease-gone': 'NO LEASE ',
};

/** How a subtree then and now differ, and what was written of it, for a person. */
export function prefixText(result: PrefixRestoreResult & { readonly from: RestoreSource }): string {
  const { subtree, restored, clusterId, liveRevision, differences, writes, undoFile } = result;
  const lines = [
    `${subtree} as of revision ${restored.revision}, and in cluster ${clusterId} at revision ${liveRevision}`,
    `${'from'.padEnd(14)} ${sourceText(result.from)}`,
    ...differenceLines(differences),
    ...restored.avoided.map(({ key, message }) => `BROKEN         ${key}: ${message}`),
    ...(restored.lost === undefined ? [] : [`LOST           revisions ${restored.lost.from} to ${restored.lost.to}`]),
    ...result.leftovers.map((path) => `left behind    ${path}, by a restore that was killed: remove it`),
    ...result.notes.map((note) => `note           ${note}`),
    '',
    ...(writes === undefined
      ? toApply(differences, `--to-revision ${restored.revision} --live-revision ${liveRevision} --apply`)
      : writeLines(writes, undoFile)),
  ];
  return `${lines.join('\n')}\n`;
}

/** What is left of a restore to be undone, and what was, for a person. */
export function undoText({ subtree, restoredAt, differences, writes, undoFile, clusterId }: UndoResult): string {
  const lines = [
    `${subtree} as it was before the restore of ${restoredAt}, and in cluster ${clusterId} now`,
    ...differenceLines(differences),
    '',
    ...(writes === undefined ? toApply(differences, '--apply') : writeLines(writes, undoFile)),
  ];
  return `${lines.join('\n')}\n`;
}

function differenceLines({ counts, listed, equalKeys }: DifferenceSummary): readonly string[] {
  const rows = listed.map(({ kind, key, bytesNow, bytesThen }) => [KINDS[kind], size(bytesNow), size(bytesThen), key]);
  const table = rows.length === 0 ? [] : ['', formatTable(['WHAT', 'NOW', 'THEN', 'KEY'], rows)];
  const kinds = Object.keys(KINDS) as readonly DifferenceKind[];
  const summary = kinds
    .filter((kind) => counts[kind].keys > 0)
    .map((kind) => {
      const { keys, bytesNow, bytesThen } = counts[kind];
      const shown = listed.filter((one) => one.kind === kind).length;
      const more = shown < keys ? `, ${formatCount(keys - shown)} of them not shown (--list)` : '';
      const sizes = `${formatBytes(bytesNow)} now, ${formatBytes(bytesThen)} then`;
      return `${KINDS[kind].padEnd(14)} ${keysOf(keys)} (${sizes}), ${MEANINGS[kind]}${more}`;
    });
  return [...table, ...summary, `${'equal'.padEnd(14)} ${keysOf(equalKeys)}`];
}

function toApply({ counts }: DifferenceSummary, flags: string): readonly string[] {
  const keys = counts['put-back'].keys + counts['change-back'].keys + counts.delete.keys;
  if (keys === 0) return ['There is nothing to write.'];
  return [`Nothing was written. To write just this, ${keysOf(keys)}: the same command with ${flags}`];
}

function writeLines({ written, equal, unwritten, listed }: WriteSummary, undoFile?: string): readonly string[] {
  const already = equal === 0 ? '' : `, ${formatCount(equal)} were so already`;
  return [
    ...listed.map((one) => `${RESULTS[one.result]}  ${one.key}: ${reasonOf(one)}`),
    ...(listed.length < unwritten ? [`… and ${formatCount(unwritten - listed.length)} more`] : []),
    `${keysOf(written)} written${already}${unwritten === 0 ? '' : `, ${formatCount(unwritten)} NOT WRITTEN`}.`,
    ...(undoFile === undefined ? [] : [`To go back: restore --undo ${undoFile} --endpoint URL`]),
  ];
}

function reasonOf({ result, modRevision }: UnwrittenKey): string {
  if (result === 'too-large') return 'its value is larger than --max-request-bytes of the cluster allows';
  if (result === 'lease-gone') return 'the lease that it was under is gone';
  const what = modRevision === undefined ? 'was deleted' : `was written in revision ${modRevision}`;
  return `it ${what}, after it had been looked at, and was left alone`;
}

function size(bytes: number | undefined): string {
  return bytes === undefined ? '-' : formatBytes(bytes);
}

function keysOf(keys: number): string {
  return `${formatCount(keys)} ${keys === 1 ? 'key' : 'keys'}`;
}
