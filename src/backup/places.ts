import { AgentError, faultOf } from '../cluster/agent-error.ts';
import { catalogueOf } from './chain/catalogue.ts';
import { newestNamed } from './chain.ts';
import { isOneHistory } from './lineage.ts';
import { type Followed, readClaim } from './store/claim.ts';
import type { Store, StoredObject } from './store/store.ts';

/** Of a claim: there is one, and it does not say whose the timeline is. */
const UNREADABLE: ReadonlySet<string> = new Set(['CLAIM_UNREADABLE', 'STORE_DAMAGED', 'STORE_COLD']);

/** A timeline in a store: what lies below `<cluster.name>/<timeline>/`. */
export interface StorePlace {
  readonly cluster: string;
  readonly timeline: string;
  readonly objects: number;
  readonly bytes: number;
  /** When something was written there last, in ms since 1970. */
  readonly writtenAtMs: number;
  /** The newest revision that it has a name for; 0 where it has none. */
  readonly lastRevision: bigint;
}

/** A timeline with whose it is. */
export interface OwnedPlace extends StorePlace {
  /** By its claim, lower-case hex; undefined where that is missing or cannot be read. */
  readonly clusterId?: string;
  /** By its claim as well. */
  readonly claimedAtMs?: number;
  /** By its claim, the history that it goes on from. */
  readonly follows?: Followed;
}

/** The timeline that is meant. */
export interface ChosenPlace {
  readonly place: OwnedPlace;
  /** That it might have been as well, the newest first. */
  readonly others: readonly OwnedPlace[];
}

/** Which timeline is meant; what is left out must be the only one, or for the timeline, the one that was written to last. */
export interface PlaceWish {
  readonly cluster?: string;
  readonly timeline?: string;
}

/**
 * All timelines in a store, or those of a cluster's name. Throws what listing it throws.
 * @param cluster left out: all that is in the store is listed, which in a bucket of many clusters takes long
 */
export async function findPlaces(store: Store, signal?: AbortSignal, cluster?: string): Promise<readonly StorePlace[]> {
  const places = new Map<string, { cluster: string; timeline: string; objects: StoredObject[] }>();
  for await (const object of store.list(cluster === undefined ? '' : `${cluster}/`, {}, signal)) {
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
    lastRevision: newestNamed(catalogueOf(objects)),
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
export function choosePlace(places: readonly StorePlace[], wish: PlaceWish, url: string): StorePlace {
  const [chosen] = fittingPlaces(places, wish, url);
  return chosen;
}

/**
 * The same, with whose timelines these are: several of one cluster are its own history, of which the newest one is meant, but
 * under one name there may also be another cluster's. One that was restored from a backup of theirs goes on with their history.
 * Claims are read only where there is a choice. Throws what `choosePlace` does, `PLACE_AMBIGUOUS` also where `oneCluster` is asked
 * for and it is not one history (`isOneHistory`), and what the store throws.
 */
export async function chooseOwnedPlace(
  store: Store,
  wish: PlaceWish,
  { oneCluster }: { readonly oneCluster: boolean },
  signal?: AbortSignal,
): Promise<ChosenPlace> {
  let places = await findPlaces(store, signal, wish.cluster);
  // What there is instead is to be told.
  if (places.length === 0 && wish.cluster !== undefined) places = await findPlaces(store, signal);
  const [place, ...others] = fittingPlaces(places, wish, store.url);
  if (others.length === 0) return { place, others };
  const owned: [OwnedPlace, ...OwnedPlace[]] = [await withOwner(store, place, signal)];
  for (const other of others) owned.push(await withOwner(store, other, signal));
  const [chosen, ...rest] = owned;
  const { cluster } = chosen;
  if (oneCluster && !isOneHistory(chosen, rest)) {
    throw new AgentError(
      'PLACE_AMBIGUOUS',
      `${store.url} holds timelines of more than one cluster named ${cluster}:\n${owned.map((each) => `  ${placeText(each)}`).join('\n')}`,
      { remedy: 'Say which one is meant (--timeline ID), and give each cluster a cluster.name of its own.' },
    );
  }
  return { place: chosen, others: rest };
}

/** A timeline in one line: its id, whose it is, and how far it goes. */
export function placeText({ timeline, clusterId = 'unknown', lastRevision, writtenAtMs: atMs }: OwnedPlace): string {
  return `timeline ${timeline}, cluster id ${clusterId}, last revision ${lastRevision}, last written ${new Date(atMs).toISOString()}`;
}

/** Of whom nothing can be told it is not known that they are the same. */
async function withOwner(store: Store, place: StorePlace, signal: AbortSignal | undefined): Promise<OwnedPlace> {
  const { cluster: clusterName, timeline } = place;
  try {
    const claim = await readClaim(store, { clusterName, timeline }, signal);
    if (claim === undefined) return place;
    const { clusterId, atMs: claimedAtMs, follows } = claim;
    return { ...place, clusterId, claimedAtMs, ...(follows === undefined ? {} : { follows }) };
  } catch (error) {
    signal?.throwIfAborted();
    if (!UNREADABLE.has(faultOf(error).code)) throw error;
    return place;
  }
}

/** The newest first. */
function fittingPlaces(
  places: readonly StorePlace[],
  { cluster, timeline }: PlaceWish,
  url: string,
): [StorePlace, ...StorePlace[]] {
  const fitting = places.filter(
    (place) => (cluster ?? place.cluster) === place.cluster && (timeline ?? place.timeline) === place.timeline,
  );
  const clusters = [...new Set(fitting.map((place) => place.cluster))];
  if (clusters.length > 1) {
    throw new AgentError('PLACE_AMBIGUOUS', `${url} holds backups of several clusters: ${clusters.join(', ')}.`, {
      remedy: 'Say which one is meant (--cluster NAME).',
    });
  }
  const [chosen, ...others] = fitting.toSorted((a, b) => b.writtenAtMs - a.writtenAtMs);
  if (chosen === undefined) {
    const known = places.map((place) => `${place.cluster}/${place.timeline}`);
    const asked = cluster === undefined && timeline === undefined ? '' : ` of ${cluster ?? '*'}/${timeline ?? '*'}`;
    throw new AgentError('PLACE_UNKNOWN', `${url} holds no backups${asked}.`, {
      remedy: known.length === 0 ? 'Check the URL of the store.' : `It holds ${known.slice(0, 10).join(', ')}.`,
    });
  }
  return [chosen, ...others];
}
