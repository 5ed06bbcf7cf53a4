import * as z from 'zod';
import { AgentError } from '../../cluster/agent-error.ts';
import { checkKey } from './keys.ts';
import { type Store, StoreError } from './store.ts';

/** Raised when something that is read or written gets another meaning. */
const CLAIM_FORMAT_VERSION = 1;

/** Its key below the place that it claims. */
const CLAIM_NAME = 'claim.json';
/** Sorts behind everything that a key may hold. */
const BEHIND_ALL = '\x7f';

/** Who writes below a place of a store. */
export interface PlaceOwner {
  /** Lower-case hex, as etcd shows it. */
  readonly clusterId: string;
  readonly clusterName: string;
  /** A random id, kept in etcd: other histories of a cluster have other ones. */
  readonly timeline: string;
}

/** A timeline of the cluster from whose backup another one was restored. */
export interface Followed {
  readonly timeline: string;
  /** Lower-case hex. */
  readonly clusterId: string;
}

/** What lies in a place since it was claimed. */
export interface Claim extends PlaceOwner {
  /** The history that this one goes on from; undefined where it is the first one, or an older version claimed it. */
  readonly follows?: Followed;
  readonly formatVersion: number;
  readonly atMs: number;
  /** The member whose agent did it. */
  readonly by: string;
}

const claimSchema = z.looseObject({
  formatVersion: z.int().positive(),
  clusterId: z.string().min(1),
  clusterName: z.string().min(1),
  timeline: z.string().min(1),
  at: z.iso.datetime(),
  by: z.string(),
  follows: z.looseObject({ timeline: z.string().min(1), clusterId: z.string().min(1) }).optional(),
});

/**
 * Where a timeline's objects are: `<cluster.name>/<timeline>`, below the store's own prefix. Throws `STORE_FAILED` where a
 * name cannot be part of a key.
 */
export function placeOf({ clusterName, timeline }: Pick<PlaceOwner, 'clusterName' | 'timeline'>): string {
  if (clusterName.includes('/') || timeline.includes('/')) checkKey('/');
  const place = `${clusterName}/${timeline}`;
  checkKey(place);
  return place;
}

/**
 * Claims a place for a timeline of a cluster, or finds that it is claimed for it already. Throws `STORE_CLAIMED` where it is
 * another cluster's, `CLAIM_UNREADABLE` where nobody can tell, `STORE_COLD` where its claim lies in an archive class: nothing may be
 * written there then.
 * @param store the whole of it, not yet the place
 * @param owner with the history that it goes on from, which a claim that stands already does not take in
 * @param by the member that this agent stands beside
 * @param onNew called where nobody had claimed it and this has
 */
export async function claimPlace(
  store: Store,
  owner: PlaceOwner & Pick<Claim, 'follows'>,
  by: string,
  signal?: AbortSignal,
  onNew?: () => void,
): Promise<Claim> {
  const standing = await readClaim(store, owner, signal).catch((error: unknown) => {
    throw error instanceof StoreError && error.code === 'STORE_COLD' ? coldClaim(owner, store.url, error) : error;
  });
  if (standing !== undefined) return asOwn(standing, owner, store.url);
  try {
    await store.put(`${placeOf(owner)}/${CLAIM_NAME}`, encode(owner, by), { ifAbsent: true }, signal);
    onNew?.();
  } catch (error) {
    // Another agent was faster; whose, is read below.
    if (!(error instanceof StoreError) || error.code !== 'STORE_EXISTS') throw error;
  }
  const written = await readClaim(store, owner, signal);
  if (written === undefined) {
    throw new StoreError('STORE_DAMAGED', `The claim of ${placeOf(owner)} was put to ${store.url}, but is not there.`, {
      remedy: 'Look at the store: it confirmed what it does not have. Nothing is written there.',
    });
  }
  return asOwn(written, owner, store.url);
}

/** The claim of a place; undefined where nobody has claimed it. Throws `CLAIM_UNREADABLE`. */
export async function readClaim(
  store: Store,
  place: Pick<PlaceOwner, 'clusterName' | 'timeline'>,
  signal?: AbortSignal,
): Promise<Claim | undefined> {
  return await readAt(store, `${placeOf(place)}/${CLAIM_NAME}`, signal);
}

/** The claim of a place, asked of the place itself. As `readClaim`. */
export async function readOwnClaim(place: Store, signal?: AbortSignal): Promise<Claim | undefined> {
  return await readAt(place, CLAIM_NAME, signal);
}

async function readAt(store: Store, key: string, signal: AbortSignal | undefined): Promise<Claim | undefined> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of store.get(key, undefined, signal)) pieces.push(piece);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_NOT_FOUND') return undefined;
    throw error;
  }
  return decode(Buffer.concat(pieces), key, store.url);
}

/** The timelines of a cluster's name that have been claimed or written to, ascending; each costs one request to list. */
export async function* timelinesOf(
  store: Store,
  clusterName: string,
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  const prefix = `${placeOf({ clusterName, timeline: 'any' }).slice(0, -'any'.length)}`;
  for (let after = prefix; ; ) {
    const first = await firstBehind(store, prefix, after, signal);
    if (first === undefined) return;
    const [timeline = '', below] = first.slice(prefix.length).split('/');
    // An object beside the timelines is nobody's.
    if (below !== undefined) yield timeline;
    after = below === undefined ? first : `${prefix}${timeline}/${BEHIND_ALL}`;
  }
}

async function firstBehind(
  store: Store,
  prefix: string,
  after: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  for await (const { key } of store.list(prefix, { after }, signal)) return key;
  return undefined;
}

/** Other stores go on meanwhile: it says nothing of whose place that is. */
function coldClaim(owner: PlaceOwner, url: string, cause: StoreError): StoreError {
  const key = `${placeOf(owner)}/${CLAIM_NAME}`;
  const message = `The claim ${key} in ${url} lies in an archive class, so nobody can tell whose place it is: nothing is written there.`;
  return new StoreError('STORE_COLD', message, {
    remedy:
      `Have it brought back (RestoreObject), copy it onto itself into the class STANDARD, and keep ${CLAIM_NAME} out of the bucket's ` +
      'rule that archives: let that take in folders such as full/ and delta/ only, or objects from 128 KiB on.',
    cause,
    key,
  });
}

function asOwn(claim: Claim, owner: PlaceOwner, url: string): Claim {
  const isOwn =
    claim.clusterId === owner.clusterId && claim.clusterName === owner.clusterName && claim.timeline === owner.timeline;
  if (isOwn) return claim;
  const since = new Date(claim.atMs).toISOString();
  throw new AgentError(
    'STORE_CLAIMED',
    `${placeOf(owner)} in ${url} belongs to the cluster ${claim.clusterId} (${claim.clusterName}) since ${since}, and this is ` +
      `the cluster ${owner.clusterId} (${owner.clusterName}): nothing is written there.`,
    {
      remedy:
        'Give each cluster its own cluster.name or its own prefix in backup.store. After a restore a new timeline is begun: is this one a copy of the other?',
    },
  );
}

function encode({ clusterId, clusterName, timeline, follows }: Parameters<typeof claimPlace>[1], by: string): Buffer {
  const at = new Date().toISOString();
  const claim = { formatVersion: CLAIM_FORMAT_VERSION, clusterId, clusterName, timeline, at, by, follows };
  return Buffer.from(`${JSON.stringify(claim, undefined, 2)}\n`);
}

function decode(content: Buffer, key: string, url: string): Claim {
  try {
    const { at, follows, ...rest } = claimSchema.parse(JSON.parse(content.toString('utf8')));
    return { ...rest, atMs: Date.parse(at), ...(follows === undefined ? {} : { follows }) };
  } catch (cause) {
    throw new AgentError(
      'CLAIM_UNREADABLE',
      `The claim ${key} in ${url} cannot be read, so nobody can tell whose place it is: nothing is written there.`,
      { remedy: 'Look at what is in it; where it is damaged, and the place is this cluster’s, remove it.', cause },
    );
  }
}
