import { readTwice } from '../../backup/damage.ts';
import { readBack } from '../../backup/full/read-back.ts';
import type { FullOutcome } from '../../backup/full/take-full.ts';
import { parseName } from '../../backup/names.ts';
import { markBroken, markVerified } from '../../backup/retention/marks.ts';
import { faultOf } from '../../cluster/agent-error.ts';
import type { BackupKeeperOptions } from './options.ts';
import type { StoreFulls } from './store-fulls.ts';
import type { BackupTally } from './tally.ts';

export interface ProofParts {
  readonly keeper: BackupKeeperOptions;
  readonly tally: BackupTally;
}

/**
 * Reads a share of the snapshots back, and marks what was found; false where the store does not have what it was given: then it is
 * taken again. Never rejects but with the signal's reason.
 */
export async function isGood(
  parts: ProofParts,
  state: StoreFulls,
  stored: Exclude<FullOutcome, { error: unknown }>,
  signal: AbortSignal,
): Promise<boolean> {
  const { tally, keeper } = parts;
  const { store, manifest } = stored;
  if (Math.random() >= keeper.config.verify.share) return true;
  try {
    await readTwice(() => readBack(store, stored, signal));
    await markWhole(parts, state, stored.key, signal);
    tally.succeeded('verify', { revision: manifest.lastRevision, bytes: manifest.stored.bytes });
    return true;
  } catch (error) {
    if (signal.aborted) return true;
    tally.failed('verify', error);
    keeper.events.onFault(`reading a full snapshot back from ${store.url}`, error);
    // A store that is away has it still.
    const { code } = faultOf(error);
    if (code !== 'STORE_DAMAGED' && code !== 'STORE_NOT_FOUND') return true;
    state.forget();
    state.failed = error;
    await markDamaged(parts, state, { fullKey: stored.key, found: error }, signal);
    return false;
  }
}

/** Retention lets it take no place of a chain that is whole. Without the right to mark it, it counts as any other. */
async function markDamaged(
  { keeper }: ProofParts,
  { store }: StoreFulls,
  { fullKey, found }: { readonly fullKey: string; readonly found: unknown },
  signal: AbortSignal,
): Promise<void> {
  const name = parseName(fullKey);
  if (name?.kind !== 'full') return;
  const why = faultOf(found).message;
  await markBroken(store, name.id, { why, atMs: Date.now() }, signal).catch((error: unknown) => {
    if (!signal.aborted) keeper.events.onFault(`marking a chain as broken in ${store.url}`, error);
  });
}

/** Retention never takes the newest chain away that is marked so. Without the right to mark it, it is whole all the same. */
async function markWhole(
  { keeper }: ProofParts,
  state: StoreFulls,
  fullKey: string,
  signal: AbortSignal,
): Promise<void> {
  const { store } = state;
  const name = parseName(fullKey);
  if (name?.kind !== 'full') return;
  state.proven(Date.now());
  await markVerified(store, name.id, { by: 'hashes', atMs: Date.now() }, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    keeper.events.onFault(`marking a chain as verified in ${store.url}`, error);
  });
}
