import type { StorePlace } from '../../backup/places.ts';
import type { Config } from '../../config/config.ts';

/**
 * What each configured store holds of this cluster's name; undefined where that cannot be told. It is asked once in the life of a member,
 * so what reads stores is loaded then.
 */
export async function storedPlaces(
  { backup, cluster }: Config,
  signal: AbortSignal,
): Promise<readonly (readonly StorePlace[] | undefined)[]> {
  if (backup.store.length === 0) return [];
  const [{ openStore }, { findPlaces }, { s3Options }] = await Promise.all([
    import('../../backup/store/open-store.ts'),
    import('../../backup/places.ts'),
    import('../backup/settings.ts'),
  ]);
  const s3 = s3Options(backup, () => undefined);
  return await Promise.all(
    backup.store.map(async (url) => {
      try {
        await using store = openStore(url, { s3 });
        return await findPlaces(store, signal, cluster.name);
      } catch {
        signal.throwIfAborted();
        return undefined;
      }
    }),
  );
}
