import { type Store, StoreError } from '../store/store.ts';
import { holdKey } from './marks.ts';
import { unlessDenied } from './unless-denied.ts';

/** What became of a manifest that was to go. */
export type ManifestRemoval =
  | 'removed'
  /** The store does not let go of it, or does not give it back, so that it could not be put back either. */
  | 'denied'
  /** Somebody has held its chain at that moment, or it could not be asked: it lies there again. */
  | 'held'
  /** Somebody else took it away, and may put it back. */
  | 'gone before';

const UNREADABLE: ReadonlySet<string> = new Set(['STORE_COLD', 'STORE_DAMAGED', 'STORE_DENIED']);

/** A manifest that was taken away is put back within this, also where whoever prunes is to end: it is one small object. */
const PUT_BACK_MS = 30_000;

/**
 * Takes a manifest away, and puts it back where its chain is held by then. Whoever holds a chain writes the mark and then looks for
 * the manifest: so either it is missed there, or the mark is seen here. Throws what the store does, but for `STORE_DENIED`.
 * @param chain id of the full snapshot
 */
export async function removeManifest(
  store: Store,
  key: string,
  chain: string,
  signal?: AbortSignal,
): Promise<ManifestRemoval> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of store.get(key, undefined, signal)) pieces.push(piece);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'STORE_NOT_FOUND') return 'gone before';
    if (UNREADABLE.has(error.code)) return 'denied';
    throw error;
  }
  if (!(await unlessDenied(() => store.remove(key, signal)))) return 'denied';
  if (!(await mayBeHeld(store, chain))) return 'removed';
  await store.put(key, Buffer.concat(pieces), {}, AbortSignal.timeout(PUT_BACK_MS));
  return 'held';
}

/** Without an answer it counts as held: what is kept for too long goes at the next round. */
async function mayBeHeld(store: Store, chain: string): Promise<boolean> {
  try {
    return (await store.head(holdKey(chain), AbortSignal.timeout(PUT_BACK_MS))) !== undefined;
  } catch {
    return true;
  }
}
