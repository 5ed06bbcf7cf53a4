import type { BackupView } from '../cluster/backup-view.ts';
import type { Observation } from '../cluster/observation.ts';
import { ProblemError } from './http/problem.ts';

/** Backups as this agent sees them. Throws a `ProblemError` where it takes no part in them. */
export function backupsOf({ backups }: Observation): BackupView {
  return backups ?? noBackups();
}

/** Throws that `ProblemError`. */
export function noBackups(): never {
  throw new ProblemError({
    status: 503,
    code: 'NO_BACKUPS',
    detail: 'This agent takes no part in backups: no store is configured, or backups are switched off.',
  });
}
