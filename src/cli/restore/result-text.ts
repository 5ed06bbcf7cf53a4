import type { RestoreResult } from '../../backup/restore/restore.ts';
import { type Look, plainLook } from '../look.ts';
import { formatCount, formatLatency, formatSpan } from '../units.ts';
import { type RestoreSource, sourceText } from './source.ts';

/** What was restored, for a person. @param nowMs for how old it is */
export function resultText(
  result: RestoreResult & { readonly from: RestoreSource },
  nowMs: number,
  { paint }: Look = plainLook,
): string {
  const { full, replayed, lost, revision } = result;
  const lines = [
    `${paint('green', 'Restored')} to revision ${revision}: ${result.outputs.join(', ')}`,
    `  from           ${sourceText(result.from)}`,
    `  full snapshot  revision ${full.lastRevision}, ${formatSpan((nowMs - full.endedAtMs) / 1000)} old`,
  ];
  if (replayed !== undefined) {
    const perSecond = result.replayMs === 0 ? 0 : (replayed.revisions * 1000) / result.replayMs;
    lines.push(
      `  replayed       ${formatCount(replayed.revisions)} revisions from ${formatCount(result.segments)} segments, ${formatCount(Math.round(perSecond))} a second`,
    );
  }
  const { unknownLeases = 0 } = replayed ?? {};
  if (unknownLeases > 0) {
    lines.push(
      `  leases         ${formatCount(unknownLeases)} of them were never asked about: they are granted for an hour`,
    );
  }
  lines.push(
    `  time           ${seconds(result.totalMs)}: fetch ${seconds(result.fetchMs)}, start ${seconds(result.startMs)}, replay ${seconds(result.replayMs)}, write ${seconds(result.writeMs)}`,
  );
  if (result.note !== undefined) lines.push(`  note           ${result.note}`);
  if (result.bumpedBy !== undefined) {
    lines.push(
      `  Kubernetes     revision raised by ${formatCount(result.bumpedBy)}, everything before it marked as compacted`,
    );
  }
  for (const path of result.quarantined) lines.push(`  moved aside    ${path}`);
  for (const path of result.leftovers) lines.push(`  left behind    ${path}, by a restore that was killed: remove it`);
  for (const { key, message } of result.avoided) lines.push(`  ${paint('red', 'BROKEN')}         ${key}: ${message}`);
  if (lost !== undefined) {
    const count = lost.to - lost.from + 1n;
    lines.push(
      `  ${paint('red', 'LOST')}           ${formatCount(count)} revisions, ${lost.from} to ${lost.to}: no whole chain reaches them`,
    );
  }
  if (result.bumpMissing) {
    lines.push(
      `  ${paint('yellow', 'WARNING')}        this is the store of a Kubernetes cluster, and etcd's tool cannot raise its revision (etcdutl 3.5.16`,
      '                 can): restart all API servers, controllers and kubelets, which believe what they remember',
    );
  }
  return `${lines.join('\n')}\n`;
}

function seconds(ms: number): string {
  return formatLatency(ms / 1000);
}
