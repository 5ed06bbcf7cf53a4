import type { MarkedWhole } from '../../backup/verify/mark-whole.ts';
import type { VerifyReport } from '../../backup/verify/verify-store.ts';
import { type Look, plainLook } from '../look.ts';
import { formatBytes, formatCount } from '../units.ts';

/** What was found in a store, for a person: faults first. */
export function verifyText(
  { findings, chains, fulls, segments, bytes }: VerifyReport,
  { marked, unmarked }: MarkedWhole,
  { paint }: Look = plainLook,
): string {
  const lines = [
    `${formatCount(fulls)} full snapshots and ${formatCount(segments)} segments, ${formatBytes(bytes)}: every byte was read.`,
  ];
  for (const severity of ['fault', 'note'] as const) {
    for (const { code, message } of findings.filter((finding) => finding.severity === severity)) {
      lines.push(`${severity === 'fault' ? paint('red', 'FAULT') : paint('yellow', 'note ')}  ${message} (${code})`);
    }
  }
  for (const { id, firstRevision, lastRevision, opened, complete } of chains) {
    const how =
      opened && complete ? paint('green', 'whole') : opened ? 'whole' : 'whole as it is stored; not decrypted';
    const mark = marked.includes(id) ? ', marked as verified' : '';
    lines.push(
      `chain  ${firstRevision} to ${lastRevision}: ${how}${complete ? mark : paint('red', ', but it breaks off')}`,
    );
  }
  for (const id of unmarked) lines.push(`${paint('yellow', 'mark')}   ${id} was verified before, and is not any more`);
  return `${lines.join('\n')}\n`;
}
