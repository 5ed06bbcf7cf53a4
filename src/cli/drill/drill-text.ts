import type { DrillResult } from '../../backup/drill.ts';
import { type Look, plainLook } from '../look.ts';
import { formatBytes, formatCount, formatSpan } from '../units.ts';

/** What came of a drill, in words. @param url of the place that was restored */
export function drillText(result: DrillResult, url: string, { paint }: Look = plainLook): string {
  switch (result.outcome) {
    case 'passed': {
      const { proof, compared } = result;
      const { revision, keys, hash, restoreMs, writeMs, restored, full } = proof;
      const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
      return lines([
        `${paint('green', 'passed')}: revision ${revision} of ${url} was restored in ${formatSpan(restoreMs / 1000)}`,
        compared
          ? `it is what the cluster has: ${formatCount(keys)} keys, HashKV ${hash} at one revision and one compact revision`
          : `it was compared with no cluster; it has ${formatCount(keys)} keys, HashKV ${hash}`,
        `of cluster ${restored.full.clusterName}, cluster id ${restored.full.clusterId}, timeline ${restored.full.timeline}`,
        `from ${full} (${formatBytes(restored.full.plain.bytes)}) and ${restored.segments} segments`,
        `fetched in ${seconds(restored.fetchMs)}, started in ${seconds(restored.startMs)}, replayed in ${seconds(restored.replayMs)}, written in ${seconds(writeMs)}`,
      ]);
    }
    case 'hashes-only':
      return lines([
        `${paint('yellow', 'hashes only')}: all up to revision ${result.revision} of ${url} is stored as it was written`,
        'it is encrypted, and no identity was given: add --identity-file to have it restored',
      ]);
    case 'skipped':
      return lines([
        `${paint('yellow', 'skipped')}: nothing was done`,
        ...result.reasons.map(({ message }) => message),
      ]);
    case 'failed':
      return lines([
        `${paint('red', 'FAILED')}: ${url}`,
        ...result.reasons.map(({ code, message }) => `${message} (${code})`),
      ]);
  }
}

function lines(all: readonly string[]): string {
  return `${all.map((line, index) => (index === 0 ? line : `  ${line}`)).join('\n')}\n`;
}
