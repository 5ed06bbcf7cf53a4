import { faultOf } from '../cluster/agent-error.ts';
import { readCatalogue } from './chain/catalogue.ts';
import { chainsOf, gapsOf, type RevisionRange } from './chain.ts';
import type { FullManifest } from './manifest.ts';
import { readFullManifest } from './restore/fetch-chain.ts';
import { readMarks } from './retention/marks.ts';
import type { Store } from './store/store.ts';

/** A chain as its names and its first manifest tell it; nothing else of it was read. */
export interface ListedChain {
  /** Of the manifest of its full snapshot. */
  readonly key: string;
  readonly firstRevision: bigint;
  readonly lastRevision: bigint;
  readonly segments: number;
  /** Of the segments as they are stored. */
  readonly segmentBytes: number;
  /** Undefined where the manifest cannot be read: `problem` says why. */
  readonly manifest?: FullManifest;
  readonly problem?: string;
  /** When its last object was written, in ms since 1970, by the store's clock. */
  readonly writtenAtMs: number;
  /** Was read back or restored, and found whole. */
  readonly verified: boolean;
  /** Nothing of it is taken away. */
  readonly held: boolean;
}

/** What a timeline holds. */
export interface Listing {
  /** Of the newest full snapshot first. */
  readonly chains: readonly ListedChain[];
  readonly gaps: readonly RevisionRange[];
}

const AT_ONCE = 8;

/** Lists a timeline: four listings, and a small read for each full snapshot. Throws what the store does. */
export async function listChains(store: Store, signal: AbortSignal): Promise<Listing> {
  const catalogue = await readCatalogue(store, signal);
  const marks = await readMarks(store, signal);
  const chains = [...chainsOf(catalogue)];
  const listed: ListedChain[] = [];
  for (let from = 0; from < chains.length; from += AT_ONCE) {
    const some = chains
      .slice(from, from + AT_ONCE)
      .map(async ({ full, segments, lastRevision }): Promise<ListedChain> => {
        const manifest = await readFullManifest(store, full, signal).then(
          (read) => ({ manifest: read.manifest }),
          (error: unknown) => {
            signal.throwIfAborted();
            return { problem: faultOf(error).message };
          },
        );
        return {
          key: full.key,
          firstRevision: full.name.revision,
          lastRevision,
          segments: segments.length,
          segmentBytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
          writtenAtMs: Math.max(full.modifiedAtMs, ...segments.slice(-1).map(({ modifiedAtMs }) => modifiedAtMs)),
          verified: marks.verified.has(full.name.id),
          held: marks.held.has(full.name.id),
          ...manifest,
        };
      });
    listed.push(...(await Promise.all(some)));
  }
  return { chains: listed, gaps: gapsOf(catalogue) };
}
