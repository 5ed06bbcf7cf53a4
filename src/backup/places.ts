import { AgentError } from '../cluster/agent-error.ts';
import type { Store } from './store/store.ts';

/** A timeline in a store: what lies below `<cluster.name>/<timeline>/`. */
export interface StorePlace {
  readonly cluster: string;
  readonly timeline: string;
  readonly objects: number;
  readonly bytes: number;
  /** When something was written there last, in ms since 1970. */
  readonly writtenAtMs: number;
}

/** Which timeline is meant; what is left out must be the only one, or for the timeline, the one that was written to last. */
export interface PlaceWish {
  readonly cluster?: string;
  readonly timeline?: string;
}

/** All timelines in a store. Throws what listing it throws. */
export async function findPlaces(store: Store, signal?: AbortSignal): Promise<readonly StorePlace[]> {
  const places = new Map<string, StorePlace>();
  for await (const { key, bytes, modifiedAtMs } of store.list('', {}, signal)) {
    const match = /^([^/]+)\/([^/]+)\/(?:full|delta)\//.exec(key);
    if (match === null) continue;
    const [, cluster = '', timeline = ''] = match;
    const name = `${cluster}/${timeline}`;
    const { objects = 0, bytes: before = 0, writtenAtMs = 0 } = places.get(name) ?? {};
    places.set(name, {
      cluster,
      timeline,
      objects: objects + 1,
      bytes: before + bytes,
      writtenAtMs: Math.max(writtenAtMs, modifiedAtMs),
    });
  }
  return [...places.values()];
}

/** The one that is meant. Throws `PLACE_UNKNOWN` where there is none, `PLACE_AMBIGUOUS` where it may be one of several clusters. */
export function choosePlace(places: readonly StorePlace[], { cluster, timeline }: PlaceWish, url: string): StorePlace {
  const fitting = places.filter(
    (place) => (cluster ?? place.cluster) === place.cluster && (timeline ?? place.timeline) === place.timeline,
  );
  const clusters = [...new Set(fitting.map((place) => place.cluster))];
  if (clusters.length > 1) {
    throw new AgentError('PLACE_AMBIGUOUS', `${url} holds backups of several clusters: ${clusters.join(', ')}.`, {
      remedy: 'Say which one is meant (--cluster NAME).',
    });
  }
  const [chosen] = fitting.toSorted((a, b) => b.writtenAtMs - a.writtenAtMs);
  if (chosen === undefined) {
    const known = places.map((place) => `${place.cluster}/${place.timeline}`);
    const asked = cluster === undefined && timeline === undefined ? '' : ` of ${cluster ?? '*'}/${timeline ?? '*'}`;
    throw new AgentError('PLACE_UNKNOWN', `${url} holds no backups${asked}.`, {
      remedy: known.length === 0 ? 'Check the URL of the store.' : `It holds ${known.slice(0, 10).join(', ')}.`,
    });
  }
  return chosen;
}
