import { faultOf } from '../cluster/agent-error.ts';
import { readCatalogue } from './chain/catalogue.ts';
import { chainsOf, gapsOf, type RevisionRange, stillOnTheirWay } from './chain.ts';
import type { FullManifest } from './manifest.ts';
import { readFullManifest } from './restore/fetch-chain.ts';
import { type Hold, readHold, readMarks, readVerification, type Verification } from './retention/marks.ts';
import { readThinned } from './retention/thinned.ts';
import type { Store } from './store/store.ts';

/** A chain as its names and its first manifest tell it; nothing else of it was read. */
export interface ListedChain {
  /** Of its full snapshot: by it a chain is held and released. */
  readonly id: string;
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
  /** Was read back or restored, and found whole; empty where the mark cannot be read. */
  readonly verified?: Partial<Verification>;
  /** Nothing of it is taken away. */
  readonly held?: Partial<Hold>;
}

/** What a timeline holds. */
export interface Listing {
  /** Of the newest full snapshot first. */
  readonly chains: readonly ListedChain[];
  /** Lost: what retention took away is not among them. */
  readonly gaps: readonly RevisionRange[];
  /** What retention took away between chains that stay. */
  readonly thinned: readonly RevisionRange[];
}

const AT_ONCE = 8;

/** Lists a timeline: five listings, and a small read for each full snapshot and each mark. Throws what the store does. */
export async function listChains(store: Store, signal: AbortSignal): Promise<Listing> {
  const catalogue = await readCatalogue(store, signal);
  const marks = await readMarks(store, signal);
  const thinned = await readThinned(store, signal);
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
        const { id } = full.name;
        const verified = marks.verified.has(id)
          ? await readable(readVerification(store, id, signal), signal)
          : undefined;
        const held = marks.held.has(id) ? await readable(readHold(store, id, signal), signal) : undefined;
        return {
          id,
          key: full.key,
          firstRevision: full.name.revision,
          lastRevision,
          segments: segments.length,
          segmentBytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
          writtenAtMs: Math.max(full.modifiedAtMs, ...segments.slice(-1).map(({ modifiedAtMs }) => modifiedAtMs)),
          ...(verified === undefined ? {} : { verified }),
          ...(held === undefined ? {} : { held }),
          ...manifest,
        };
      });
    listed.push(...(await Promise.all(some)));
  }
  return { chains: listed, gaps: gapsOf(catalogue, [...thinned, ...stillOnTheirWay(catalogue, Date.now())]), thinned };
}

/** A mark counts also where nobody can read what it says. */
async function readable<T>(mark: Promise<T | undefined>, signal: AbortSignal): Promise<Partial<T> | undefined> {
  try {
    return await mark;
  } catch (error) {
    signal.throwIfAborted();
    if (faultOf(error).code !== 'MARK_UNREADABLE') throw error;
    return {};
  }
}
