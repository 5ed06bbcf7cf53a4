import type { OwnedPlace } from './places.ts';

/** For so long nothing was written by a cluster that is gone, while the one that was restored from it went on. */
const GONE_MS = 2 * 24 * 3_600_000;

/**
 * Whether the newest timeline is where the history of all others goes on: they are of the same cluster, or of one from whose backup
 * it was restored, directly or over others. Not so where such a one is still written to: it lives beside the restored one (a copy
 * for a test, say), and nobody but a person can tell which of both is meant. Who is not known to be the same is another one.
 */
export function isOneHistory(newest: OwnedPlace, others: readonly OwnedPlace[]): boolean {
  const { clusterId } = newest;
  if (clusterId === undefined) return false;
  const places = [newest, ...others];
  const before = ancestorsOf(clusterId, places);
  const claimedAtMs = Math.min(
    ...places.filter((place) => place.clusterId === clusterId).map(({ claimedAtMs = 0 }) => claimedAtMs),
  );
  const goneBeforeMs = Math.max(claimedAtMs, newest.writtenAtMs - GONE_MS);
  return others.every(
    (other) =>
      other.clusterId === clusterId ||
      (other.clusterId !== undefined && before.has(other.clusterId) && other.writtenAtMs <= goneBeforeMs),
  );
}

/** Ids of the clusters from whose backups this one was restored, as far as claims tell. */
function ancestorsOf(clusterId: string, places: readonly OwnedPlace[]): ReadonlySet<string> {
  const ancestors = new Set<string>();
  const ids = [clusterId];
  for (const id of ids) {
    for (const { clusterId: own, follows } of places) {
      const before = own === id ? follows?.clusterId : undefined;
      if (before === undefined || ancestors.has(before)) continue;
      ancestors.add(before);
      ids.push(before);
    }
  }
  return ancestors;
}
