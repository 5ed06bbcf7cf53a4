import { faultOf } from '../../cluster/agent-error.ts';
import { parseName } from '../names.ts';
import { markVerified } from '../retention/marks.ts';
import type { Store } from '../store/store.ts';

/**
 * Marks the chain of a full snapshot as restored for real. What kept it from that comes back as a sentence: without a mark it is
 * proven all the same. Throws only the signal's reason.
 * @param fullKey of the manifest
 */
export async function markProven(store: Store, fullKey: string, signal: AbortSignal): Promise<string | undefined> {
  const name = parseName(fullKey);
  if (name?.kind !== 'full') return undefined;
  try {
    await markVerified(store, name.id, { by: 'restored', atMs: Date.now() }, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return faultOf(error).message;
  }
}
