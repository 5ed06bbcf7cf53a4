import type { BackupView } from '../../cluster/backup-view.ts';

/** For how long writes have not been durable in any store; undefined where no store has a chain that they could follow. */
export function unprotectedSeconds({ stores }: Pick<BackupView, 'stores'>): number | undefined {
  const known = stores.flatMap(({ unprotected }) => unprotected?.seconds ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}
