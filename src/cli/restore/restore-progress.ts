import type { RestoreProgress } from '../../backup/restore/restored-scratch.ts';
import type { Progress } from '../backup/progress-bar.ts';

const WORDS = { fetch: 'reading', start: 'starting', replay: 'replaying', write: 'writing' } as const;

/** What a progress bar shows of a restore. */
export function restoreProgress({ phase, done, total }: RestoreProgress): Progress {
  const unit = phase === 'fetch' ? 'bytes' : phase === 'replay' ? 'revisions' : 'step';
  return { what: WORDS[phase], done, total, unit };
}
