import { readCatalogue } from '../../backup/chain/catalogue.ts';
import { highestWriteRate } from '../../backup/chain/write-rate.ts';
import { restorePlans } from '../../backup/chain.ts';
import { readSegmentManifest } from '../../backup/delta/segment.ts';
import { chooseOwnedPlace } from '../../backup/places.ts';
import { readFullManifest } from '../../backup/restore/fetch-chain.ts';
import { openStore } from '../../backup/store/open-store.ts';
import { storeAt } from '../../backup/store/place.ts';
import type { Store } from '../../backup/store/store.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { StoredChain, StoreReach } from '../../cluster/recovery.ts';
import type { Config } from '../../config/config.ts';
import { s3Options } from '../backup/settings.ts';

/** The newest timeline of this cluster in a store; its owner disposes of it. */
export interface OpenedTimeline extends AsyncDisposable {
  /** Its place is that of the timeline. */
  readonly store: Store;
  readonly chain: StoredChain;
}

/** People wait for it. */
const PATIENCE_MS = 60_000;

/**
 * Opens it. Throws `RECOVERY_STORE_FOREIGN` where it is of another cluster than is recovered, `PLACE_UNKNOWN`, `PLACE_AMBIGUOUS`, and what
 * the store throws.
 * @param clusterId of the cluster that was; undefined where nobody knows it
 */
export async function openTimeline(
  url: string,
  { backup, cluster }: Pick<Config, 'backup' | 'cluster'>,
  clusterId: string | undefined,
  signal: AbortSignal,
): Promise<OpenedTimeline> {
  const patience = { forMs: PATIENCE_MS };
  const whole = openStore(url, { s3: { ...s3Options(backup, () => undefined), patience } });
  try {
    const { place } = await chooseOwnedPlace(whole, { cluster: cluster.name }, { oneCluster: true }, signal);
    if (clusterId !== undefined && place.clusterId !== undefined && place.clusterId !== clusterId) {
      throw new AgentError(
        'RECOVERY_STORE_FOREIGN',
        `The newest backups of ${cluster.name} in ${url} are of cluster ${place.clusterId}, and what is left is of ${clusterId}.`,
        { remedy: 'Restore by hand (`etcd-caretaker restore`), and say which timeline is meant.' },
      );
    }
    const { timeline, claimedAtMs } = place;
    return {
      store: storeAt(whole, `${place.cluster}/${timeline}`),
      chain: {
        timeline,
        ...(place.clusterId === undefined ? {} : { clusterId: place.clusterId }),
        ...(claimedAtMs === undefined ? {} : { begunAtMs: claimedAtMs }),
      },
      [Symbol.asyncDispose]: () => whole[Symbol.asyncDispose](),
    };
  } catch (error) {
    await whole[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * The best of what the configured stores, or one of them, have of this cluster, and what is to be said of those that could not be asked.
 * Throws `STORE_UNKNOWN` where the one that is asked for is not configured.
 */
export async function storeReach(
  config: Pick<Config, 'backup' | 'cluster'>,
  { clusterId, url: only }: { readonly clusterId: string | undefined; readonly url?: string | undefined },
  signal: AbortSignal,
): Promise<{ readonly store?: StoreReach; readonly storeTrouble?: string }> {
  const { store: configured } = config.backup;
  if (only !== undefined && !configured.includes(only)) {
    throw new AgentError('STORE_UNKNOWN', `This agent has no backup.store ${only}.`, {
      remedy: configured.length === 0 ? 'Configure backup.store.' : `It has ${configured.join(', ')}.`,
    });
  }
  const troubles: string[] = [];
  let best: StoreReach | undefined;
  for (const url of only === undefined ? configured : [only]) {
    try {
      const reach = await reachOf(url, config, clusterId, signal);
      if (reach !== undefined && (best === undefined || reach.revision > best.revision)) best = reach;
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = faultOf(error);
      // That there is nothing is an answer.
      if (code !== 'PLACE_UNKNOWN') troubles.push(message);
    }
  }
  return {
    ...(best === undefined ? {} : { store: best }),
    ...(troubles.length === 0 ? {} : { storeTrouble: troubles.join('; ') }),
  };
}

async function reachOf(
  url: string,
  config: Pick<Config, 'backup' | 'cluster'>,
  clusterId: string | undefined,
  signal: AbortSignal,
): Promise<StoreReach | undefined> {
  await using timeline = await openTimeline(url, config, clusterId, signal);
  const { store, chain: whose } = timeline;
  const catalogue = await readCatalogue(store, signal);
  const [chain] = restorePlans(catalogue);
  const [oldest] = catalogue.fulls;
  if (chain === undefined || oldest === undefined) return undefined;
  const { lastRevision: revision } = chain;
  const last = chain.segments.at(-1);
  const { manifest } =
    last === undefined
      ? await readFullManifest(store, chain.full, signal)
      : await readSegmentManifest(store.get(last.key, undefined, signal), last.key);
  // When it was begun: what came until then is in it for certain.
  const perSecond = highestWriteRate(catalogue.segments);
  const storedAtMs = catalogue.segments.map(({ modifiedAtMs }) => modifiedAtMs);
  const overMs = Math.max(...storedAtMs) - Math.min(...storedAtMs);
  return {
    ...{ url, oldestRevision: oldest.name.revision, revision, atMs: manifest.startedAtMs, chain: whose },
    ...(perSecond === undefined ? {} : { writeRate: { perSecond, overMs } }),
  };
}
