import { faultOf } from '../../cluster/agent-error.ts';
import { readCatalogue } from '../chain/catalogue.ts';
import { isDamage, readTwice } from '../damage.ts';
import { BrokenObject, brokenOr } from '../restore/broken-object.ts';
import { chooseChain } from '../restore/choose-chain.ts';
import { markBroken } from '../retention/marks.ts';
import type { Store } from '../store/store.ts';
import { checkFull, checkSegment } from '../verify/check-objects.ts';

/** So often it is looked again where what was listed went meanwhile: merged with others, or let go by retention. */
const LOOKS = 3;

/**
 * Reads the newest chain once more after a drill that failed, and marks it as broken where an object of it is damaged or missing. Only
 * what is stored is judged, without an identity: a wrong one makes no chain a broken one. What kept it from that (an object in an
 * archive class, say) comes back as a sentence. Throws only the signal's reason.
 */
export async function markDamaged(store: Store, signal: AbortSignal): Promise<string | undefined> {
  try {
    for (let look = 1; look <= LOOKS; look += 1) if (await isSettled(store, signal)) break;
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return faultOf(error).message;
  }
}

async function isSettled(store: Store, signal: AbortSignal): Promise<boolean> {
  const catalogue = await readCatalogue(store, signal);
  const target = { kind: 'latest' } as const;
  const { full, segments } = chooseChain({ catalogue, target, resolved: { revision: undefined }, broken: new Set() });
  const check = { store, onBytes: () => undefined };
  try {
    await ofObject(full.key, () => checkFull(full, check, signal));
    for (const segment of segments) await ofObject(segment.key, () => checkSegment(segment, check, signal));
  } catch (error) {
    if (!(error instanceof BrokenObject && isDamage(error.code))) throw error;
    if (error.code === 'STORE_NOT_FOUND') {
      const { fulls, segments: now } = await readCatalogue(store, signal);
      if (![...fulls, ...now].some(({ key }) => key === error.key)) return false;
    }
    await markBroken(store, full.name.id, { why: error.message, atMs: Date.now() }, signal);
  }
  return true;
}

async function ofObject(key: string, check: () => Promise<unknown>): Promise<void> {
  try {
    await readTwice(check);
  } catch (error) {
    throw brokenOr(key, error);
  }
}
