import { readCatalogue } from '../../backup/chain/catalogue.ts';
import { BrokenObject } from '../../backup/restore/broken-object.ts';
import { readFullManifest } from '../../backup/restore/fetch-chain.ts';
import { lastVerifiedMs } from '../../backup/retention/marks.ts';
import { faultOf } from '../../cluster/agent-error.ts';
import type { BackupKeeperOptions } from './options.ts';
import type { StoreFulls } from './store-fulls.ts';
import { storeSize } from './store-size.ts';
import type { BackupTally } from './tally.ts';

/**
 * Finds out what a store has from before: its newest full snapshot, its size, and when a chain of it was last found whole. Throws what the store
 * throws where it does not say; a snapshot that cannot be read is as if there were none.
 */
export async function findNewest(
  state: StoreFulls,
  { tally, events }: { readonly tally: BackupTally; readonly events: BackupKeeperOptions['events'] },
  signal: AbortSignal,
): Promise<void> {
  const { store } = state;
  const { fulls } = await readCatalogue(store, signal);
  state.size = await storeSize(store, signal);
  state.proven(await lastVerifiedMs(store, signal));
  const last = fulls.at(-1);
  if (last !== undefined) {
    try {
      const { manifest } = await readFullManifest(store, last, signal);
      state.remember(manifest, last.modifiedAtMs);
      tally.found('full', manifest.lastRevision, Math.min(manifest.endedAtMs, last.modifiedAtMs));
    } catch (error) {
      if (!isOfNoUse(error)) throw error;
      // As if there were none: another one is taken at once, and it is the newest from then on.
      tally.failed('verify', error);
      events.onFault(`reading the newest full snapshot of ${store.url}`, error);
    }
  }
  state.known = true;
  state.fault = undefined;
}

/** Of a full snapshot that this agent, at least, cannot read: it is there, but nothing can be built on it. */
function isOfNoUse(error: unknown): boolean {
  return error instanceof BrokenObject || faultOf(error).code === 'MANIFEST_NEWER';
}
