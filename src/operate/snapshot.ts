import type { SnapshotTaker } from './backup-ports.ts';
import type { Operation, OperationContext, OperationResult } from './operation.ts';

/**
 * Takes a full snapshot for a person who has asked for it. Nothing in the cluster is changed: a leader that takes it over
 * takes another one. Figures: `revision`, `keys`, `stores`.
 */
export function snapshotOperation({ backups }: { readonly backups: SnapshotTaker }): Operation {
  return { name: 'snapshot', version: 1, run: (context) => take(context, backups) };
}

async function take(context: OperationContext, backups: SnapshotTaker): Promise<OperationResult> {
  const taken = await context.step({ name: 'snapshot' }, ({ signal }) => backups.takeSnapshot(signal));
  const { revision, keys, stores } = taken;
  const figures = {
    revision: Number(revision),
    keys,
    stores: stores.filter(({ fault }) => fault === undefined).length,
  };
  const missing = stores.flatMap(({ url, fault }) => (fault === undefined ? [] : [`${url} (${fault})`]));
  const what = `A full snapshot at revision ${revision} with ${keys} keys`;
  if (missing.length === 0) return { outcome: 'succeeded', summary: `${what} was taken.`, figures };
  const summary = `${what} was taken, and is missing in ${missing.join(', ')}.`;
  return { outcome: 'failed', code: 'SNAPSHOT_INCOMPLETE', summary, figures };
}
