import type { VerifyReport } from '../../backup/verify/verify-store.ts';
import { formatBytes, formatCount } from '../units.ts';

/** What was found in a store, for a person: faults first. */
export function verifyText({ findings, chains, fulls, segments, bytes }: VerifyReport): string {
  const lines = [
    `${formatCount(fulls)} full snapshots and ${formatCount(segments)} segments, ${formatBytes(bytes)}: every byte was read.`,
  ];
  for (const severity of ['fault', 'note'] as const) {
    for (const { code, message } of findings.filter((finding) => finding.severity === severity)) {
      lines.push(`${severity === 'fault' ? 'FAULT' : 'note '}  ${message} (${code})`);
    }
  }
  for (const { firstRevision, lastRevision, opened } of chains) {
    const how = opened ? 'whole' : 'whole as it is stored; not decrypted';
    lines.push(`chain  ${firstRevision} to ${lastRevision}: ${how}`);
  }
  return `${lines.join('\n')}\n`;
}
