import { AgentError } from '../../cluster/agent-error.ts';
import { markVerified, readVerification } from '../retention/marks.ts';
import { type Store, StoreError } from '../store/store.ts';
import type { VerifyReport } from './verify-store.ts';

/** Which chains were marked as verified. */
export interface MarkedWhole {
  /** Ids of their full snapshots. */
  readonly marked: readonly string[];
  /** Why the store took no mark, where it did not. */
  readonly denied?: StoreError;
}

/**
 * Marks each chain as verified of which every byte was opened, and of which nothing is missing. One that was restored for real
 * keeps that mark: it says more. Throws what the store does, but for `STORE_DENIED`: who may only read can verify too.
 */
export async function markWhole(
  store: Store,
  { chains }: VerifyReport,
  nowMs: number,
  signal?: AbortSignal,
): Promise<MarkedWhole> {
  const marked: string[] = [];
  for (const { id } of chains.filter(({ opened, complete }) => opened && complete)) {
    try {
      if (!(await wasRestored(store, id, signal))) await markVerified(store, id, { by: 'hashes', atMs: nowMs }, signal);
      marked.push(id);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STORE_DENIED') throw error;
      return { marked, denied: error };
    }
  }
  return { marked };
}

async function wasRestored(store: Store, id: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return (await readVerification(store, id, signal))?.by === 'restored';
  } catch (error) {
    // What cannot be read is written anew.
    if (error instanceof AgentError && error.code === 'MARK_UNREADABLE') return false;
    throw error;
  }
}
