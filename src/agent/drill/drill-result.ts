import type { DrillReason, DrillResult } from '../../backup/drill.ts';
import { formatCount, formatSpan } from '../../cluster/units.ts';
import type { ErrandResult } from '../caretaker/errands.ts';

/** What came of a drill, for the journal. @param url of the store; @param store its place in the configuration */
export function errandResult(
  result: DrillResult,
  { url, store }: { readonly url: string; readonly store: number },
): ErrandResult {
  const figures = { store };
  switch (result.outcome) {
    case 'passed': {
      const { revision, keys, restoreMs, restored } = result.proof;
      const seconds = restoreMs / 1000;
      const summary = `Revision ${revision} of ${url} was restored in ${formatSpan(seconds)} (${formatCount(keys)} keys, ${restored.segments} segments), and is what the cluster has.`;
      return {
        outcome: 'succeeded',
        summary,
        figures: { ...figures, restoreSeconds: seconds, revision: Number(revision), keys },
      };
    }
    case 'hashes-only': {
      const summary = `All up to revision ${result.revision} of ${url} is stored as it was written; it is encrypted, and without backup.encryption.identityFile it was not restored.`;
      return { outcome: 'stopped', code: 'DRILL_HASHES_ONLY', summary, figures };
    }
    case 'skipped':
      return { outcome: 'stopped', ...told(result.reasons), figures };
    case 'failed': {
      const { code, summary } = told(result.reasons);
      return {
        outcome: 'failed',
        code,
        summary: `The newest chain of ${url} does not stand up to being restored. ${summary}`,
        figures,
      };
    }
  }
}

/** The journal takes so much of what went wrong. */
const LONGEST = 2000;

function told(reasons: readonly [DrillReason, ...DrillReason[]]): { readonly code: string; readonly summary: string } {
  const summary = reasons.map(({ message }) => message).join(' ');
  return { code: reasons[0].code, summary: summary.length > LONGEST ? `${summary.slice(0, LONGEST)}…` : summary };
}
