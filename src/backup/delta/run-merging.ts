import { setTimeout as sleep } from 'node:timers/promises';
import { glanceAtCatalogue } from '../chain/catalogue.ts';
import { type Store, StoreError } from '../store/store.ts';
import { type MergeOutcome, Merger, type MergerOptions } from './merge.ts';

/** A listing of a folder costs nothing, one of S3 is a request to pay for. */
const EVERY_MS: Readonly<Record<Store['kind'], number>> = { local: 60_000, remote: 300_000 };

export interface MergingOptions extends MergerOptions {
  /** Between the ends of two rounds; default: a minute for a local store, five for a remote one. */
  readonly everyMs?: number;
  /** Called after each round that did something, or failed. Must not throw. */
  readonly tell: (outcome: MergeOutcome | StoreError) => void;
}

/** Merges in the background until the signal is aborted. What the store fails with is told, and tried again at the next round. */
export async function runMerging(options: MergingOptions, signal: AbortSignal): Promise<void> {
  const { store, tell, everyMs = EVERY_MS[store.kind] } = options;
  const merger = new Merger(options);
  while (!signal.aborted) {
    try {
      const outcome = await merger.round(await glanceAtCatalogue(store, signal), signal);
      if (outcome.merged.length > 0 || outcome.removed.length > 0) tell(outcome);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StoreError)) throw error;
      tell(error);
    }
    await sleep(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
