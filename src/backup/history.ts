import type { AgentError } from '../cluster/agent-error.ts';
import type { Manifest } from './manifest.ts';
import { objectDamaged } from './restore/broken-object.ts';
import { type PlaceOwner, readOwnClaim } from './store/claim.ts';
import type { Store } from './store/store.ts';

/** Whose backups lie in one place: revisions of different ones mean different things. */
export type History = Pick<PlaceOwner, 'timeline' | 'clusterId'>;

/**
 * The history of a place: that of its claim; where there is none that can be read, that of most manifests, of the first of them
 * where two are equal. A claim that cannot be read stops nobody who needs what is there. Throws the signal's reason only.
 * @param store that of the timeline
 */
export async function historyOf(
  store: Store,
  manifests: readonly Manifest[],
  signal: AbortSignal,
): Promise<History | undefined> {
  const claim = await readOwnClaim(store, signal).catch(() => undefined);
  signal.throwIfAborted();
  if (claim !== undefined) return claim;
  const counts = new Map<string, { readonly history: History; count: number }>();
  for (const { timeline, clusterId } of manifests) {
    const name = `${clusterId} ${timeline}`;
    const counted = counts.get(name) ?? { history: { timeline, clusterId }, count: 0 };
    counted.count += 1;
    counts.set(name, counted);
  }
  // Sorting keeps the order of equal ones.
  return [...counts.values()].toSorted((a, b) => b.count - a.count)[0]?.history;
}

/** What is wrong with an object that another history wrote; undefined where this one did. */
export function foreignTo(history: History, key: string, { timeline, clusterId }: Manifest): AgentError | undefined {
  if (timeline === history.timeline && clusterId === history.clusterId) return undefined;
  const theirs = `the timeline ${timeline} of the cluster ${clusterId}`;
  return objectDamaged(key, `it is of ${theirs}, and not of ${history.timeline} of ${history.clusterId}`);
}
