import { readCatalogue } from '../../backup/chain/catalogue.ts';
import { restorePlans } from '../../backup/chain.ts';
import { decryptionFromFiles } from '../../backup/key-files.ts';
import type { RestoreTarget } from '../../backup/restore/target.ts';
import { resolveTarget } from '../../backup/restore/target.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { FoundPoint, GoBackPoint } from '../../cluster/recovery.ts';
import type { Config } from '../../config/config.ts';
import { openTimeline } from './store-place.ts';

/**
 * Which revision of a store a point is, as in a restore. Throws `TARGET_TOO_OLD`, `DELETION_NOT_FOUND`, `RECOVERY_POINT_LOST` where the store has
 * lost a part of what belongs to it, and what `openTimeline` throws.
 */
export async function pointIn(
  point: GoBackPoint,
  config: Pick<Config, 'backup' | 'cluster'>,
  { clusterId, url }: { readonly clusterId: string | undefined; readonly url: string },
  signal: AbortSignal,
): Promise<FoundPoint> {
  if (point.kind === 'revision') return { revision: point.revision };
  await using timeline = await openTimeline(url, config, clusterId, signal);
  const { store } = timeline;
  const catalogue = await readCatalogue(store, signal);
  const { identityFile } = config.backup.encryption;
  const decryption = identityFile === undefined ? undefined : await decryptionFromFiles([identityFile]);
  const target: RestoreTarget =
    point.kind === 'before-delete' ? { kind: point.kind, key: Buffer.from(point.key) } : point;
  const found = await resolveTarget(
    target,
    { store, catalogue, ...(decryption === undefined ? {} : { decryption }) },
    signal,
  );
  const revision = found.revision ?? restorePlans(found.catalogue)[0]?.lastRevision;
  if (revision === undefined || found.lost !== undefined) {
    throw new AgentError('RECOVERY_POINT_LOST', `${url} does not have all that belongs to this point any more.`, {
      remedy: 'Name another point, or a revision: `etcd-caretaker backup list` shows what there is.',
    });
  }
  return { revision, ...(found.note === undefined ? {} : { note: found.note }) };
}
