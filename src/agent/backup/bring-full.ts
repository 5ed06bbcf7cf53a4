import { linkedAbort } from '../../abort/linked-abort.ts';
import { type FullOutcome, type FullTaken, takeFull } from '../../backup/full/take-full.ts';
import type { AgentError } from '../../cluster/agent-error.ts';
import { disagreeing } from './full-faults.ts';
import { isGood } from './full-proof.ts';
import type { FullsOptions } from './fulls-options.ts';
import { fullSpool } from './settings.ts';
import type { StoreFulls, WaitingStore } from './store-fulls.ts';
import { storeSize } from './store-size.ts';

/** A full snapshot that is to be taken. */
export interface FullToBring {
  /** Those that wait for it. */
  readonly stores: readonly StoreFulls[];
  /** Who is told what it came to. */
  readonly asking: readonly PromiseWithResolvers<FullTaken>[];
  /** Etcd has been read; what follows is the stores' matter. */
  readonly onRead: () => void;
  /** Told of one that was taken whether the member holds other keys than it says that it has: then the error that says so. */
  readonly onCompared: (disagreeing: AgentError | undefined) => void;
}

/** Takes one for these stores, and serves each as soon as it is done with it. Never rejects. */
export async function bringFull(
  options: FullsOptions,
  { stores, asking, onRead, onCompared }: FullToBring,
  signal: AbortSignal,
): Promise<void> {
  const { keeper, timeline, clusterId, epoch, memberId, tally } = options;
  const { config, events } = keeper;
  const beganMs = performance.now();
  const link = linkedAbort([signal]);
  const ended: Promise<void>[] = [];
  const left = new Set(stores);
  try {
    const client = keeper.snapshotClient(memberId);
    const encryption = await options.encryption?.();
    const taken = await takeFull(
      {
        ...{ client, timeline, clusterId, clusterName: keeper.clusterName, epoch, onRead },
        destinations: stores.map(({ store, waiting }) => ({ store, ...previousOf(waiting) })),
        ...(encryption === undefined ? {} : { encryption }),
        // Who lets go of age for a bucket has said so: the configuration is refused otherwise.
        plainKubernetes: config.encryption.mode !== 'age',
        bytesPerSecond: config.full.rateLimitBytesPerSecond || Number.POSITIVE_INFINITY,
        spool: fullSpool(config),
        onOutcome: (outcome) => {
          const state = stores.find(({ store }) => store === outcome.store);
          if (state === undefined || !left.delete(state)) return;
          ended.push(brought(options, state, outcome, { source: client.member, beganMs }, signal));
        },
      },
      link.signal,
    );
    await Promise.all(ended);
    onCompared(compared(options, client.member, taken));
    for (const { resolve } of asking) resolve(taken);
  } catch (error) {
    if (!signal.aborted && left.size > 0) {
      tally.failed('full', error);
      events.onFault('taking a full snapshot', error);
      for (const state of left) state.failed = error;
    }
    for (const state of left) settle(state, false);
    for (const { reject } of asking) reject(error);
  } finally {
    link.release();
    await Promise.allSettled(ended);
  }
}

/** It is stored all the same: another member may hold what this one has lost, and then it is evidence. */
function compared(
  { keeper }: FullsOptions,
  member: string,
  { content, keyCount: { keys, agrees } }: FullTaken,
): AgentError | undefined {
  if (agrees) return undefined;
  const found = disagreeing(member, content, keys);
  keeper.events.onFault('counting keys', found);
  return found;
}

/** One store is done. Never rejects. */
async function brought(
  { tally, keeper }: FullsOptions,
  state: StoreFulls,
  outcome: FullOutcome,
  { source, beganMs }: { readonly source: string; readonly beganMs: number },
  signal: AbortSignal,
): Promise<void> {
  const { store } = state;
  let succeeded = false;
  try {
    if ('error' in outcome) {
      if (signal.aborted) return;
      state.failed = outcome.error;
      tally.failed('full', outcome.error);
      keeper.events.onFault(`bringing a full snapshot to ${store.url}`, outcome.error);
      return;
    }
    const { manifest } = outcome;
    const seconds = Math.round(performance.now() - beganMs) / 1000;
    const reason = state.waiting?.reason;
    state.remember(manifest);
    state.failed = undefined;
    tally.succeeded('full', { revision: manifest.lastRevision, bytes: manifest.stored.bytes, seconds });
    const facts = { reason, source, revision: manifest.lastRevision, keys: manifest.keys, seconds };
    keeper.events.log('full snapshot taken', { store: store.url, ...facts });
    // How large it is only matters to whoever looks.
    state.size = await storeSize(store, signal).catch(() => state.size);
    succeeded = await isGood({ keeper, tally }, state, outcome, signal);
  } finally {
    tally.changed();
    settle(state, succeeded);
  }
}

function settle({ waiting, gap }: StoreFulls, succeeded: boolean): void {
  if (waiting === undefined) return;
  if (waiting.reason !== 'asked') gap.tried(waiting.reason, succeeded, performance.now());
  waiting.served.resolve();
}

function previousOf(waiting: WaitingStore | undefined): { readonly previousManifestSha256?: string } {
  const previousManifestSha256 = waiting?.previousManifestSha256;
  return previousManifestSha256 === undefined ? {} : { previousManifestSha256 };
}
