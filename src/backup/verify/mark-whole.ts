import { AgentError } from '../../cluster/agent-error.ts';
import { isDamage, isOutOfReach } from '../damage.ts';
import { parseName } from '../names.ts';
import { markBroken, markVerified, readMarks, readVerification, unmarkVerified } from '../retention/marks.ts';
import { type Store, StoreError } from '../store/store.ts';
import type { VerifyReport } from './verify-store.ts';

/** Which chains were marked as verified. Ids are those of their full snapshots. */
export interface MarkedWhole {
  readonly marked: readonly string[];
  /** Were marked before, and are broken now: the mark is gone, so that retention does not keep them in place of a whole one. */
  readonly unmarked: readonly string[];
  /** Why the store took no mark, where it did not. */
  readonly denied?: StoreError;
}

/**
 * Marks each chain as verified of which every byte was opened, and of which nothing is missing; takes the mark from those that are
 * broken, and says of those with a damaged full snapshot that they are. One that was restored for real keeps that mark: it says more. Throws what the store does, but for `STORE_DENIED`:
 * who may only read can verify too.
 */
export async function markWhole(
  store: Store,
  { chains, findings }: VerifyReport,
  nowMs: number,
  signal?: AbortSignal,
): Promise<MarkedWhole> {
  const marked: string[] = [];
  const unmarked: string[] = [];
  const damaged = new Map(
    findings.flatMap(({ severity, code, key = '', message }) => {
      // Not that nobody here has the identity, nor that another manifest was changed.
      const name = severity === 'fault' && isDamage(code) ? parseName(key) : undefined;
      return name?.kind === 'full' ? [[name.id, message] as const] : [];
    }),
  );
  const broken = new Set([
    ...chains.filter(({ broken: isBroken }) => isBroken).map(({ id }) => id),
    ...findings.flatMap(({ severity, code, key = '' }) => {
      const name = severity === 'fault' && !isOutOfReach(code) ? parseName(key) : undefined;
      return name?.kind === 'full' ? [name.id] : [];
    }),
  ]);
  try {
    for (const id of (await readMarks(store, signal)).verified) {
      if (!broken.has(id)) continue;
      await unmarkVerified(store, id, signal);
      unmarked.push(id);
    }
    for (const [id, why] of damaged) await markBroken(store, id, { why, atMs: nowMs }, signal);
    for (const { id } of chains.filter(({ opened, complete }) => opened && complete)) {
      if (!(await wasRestored(store, id, signal))) await markVerified(store, id, { by: 'hashes', atMs: nowMs }, signal);
      marked.push(id);
    }
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'STORE_DENIED') throw error;
    return { marked, unmarked, denied: error };
  }
  return { marked, unmarked };
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
