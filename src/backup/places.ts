import { AgentError } from '../cluster/agent-error.ts';
import { catalogueOf } from './chain/catalogue.ts';
import type { Store, StoredObject } from './store/store.ts';

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
  const places = new Map<string, { cluster: string; timeline: string; objects: StoredObject[] }>();
  for await (const object of store.list('', {}, signal)) {
    const match = /^([^/]+)\/([^/]+)\/((?:full|delta)\/.+)$/.exec(object.key);
    if (match === null) continue;
    const [, cluster = '', timeline = '', key = ''] = match;
    const name = `${cluster}/${timeline}`;
    const place = places.get(name) ?? { cluster, timeline, objects: [] };
    place.objects.push({ ...object, key });
    places.set(name, place);
  }
  return [...places.values()].map(({ cluster, timeline, objects }) => ({
    cluster,
    timeline,
    objects: objects.length,
    bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
    writtenAtMs: writtenAtMs(objects),
  }));
}

/** Behind the newest full snapshot only: what is older may have got a new time when it was moved to a colder storage class. */
function writtenAtMs(objects: readonly StoredObject[]): number {
  const { fulls, segments } = catalogueOf(objects);
  const newest = fulls.at(-1)?.name.revision;
  const last =
    newest === undefined ? objects : [...fulls.slice(-1), ...segments.filter(({ name }) => name.to > newest)];
  return last.reduce((latest, { modifiedAtMs }) => Math.max(latest, modifiedAtMs), 0);
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
