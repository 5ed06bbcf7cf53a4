import type { KeyspaceLevel, KeyspaceSection } from '../../cluster/sections.ts';
import type { FollowProgress } from './follow.ts';
import { TopPrefixes } from './top-prefixes.ts';
import type { KeyspaceTotals } from './totals.ts';

/** Depths that are kept at least, so that a person can look deeper than the metrics do. */
const MIN_TRACKED_DEPTH = 4;

/** How deep prefixes are kept apart where the metrics show this depth. */
export function trackedDepth(depth: number): number {
  return Math.max(depth, MIN_TRACKED_DEPTH);
}

/** Turns the totals into sections, from one round to the next. */
export class SectionWriter {
  readonly #depth: number;
  readonly #tops: readonly TopPrefixes[];

  constructor(depth: number, topK: number) {
    this.#depth = depth;
    this.#tops = Array.from({ length: trackedDepth(depth) }, () => new TopPrefixes(topK));
  }

  /** The section while this agent keeps the totals. */
  write(totals: KeyspaceTotals, progress: FollowProgress, held: string | undefined): KeyspaceSection {
    const levels: KeyspaceLevel[] = this.#tops.map((top, index) => ({
      depth: index + 1,
      prefixes: top.update(totals.byPrefix(index + 1)),
    }));
    const { scannedKeys, revision } = progress;
    if (!progress.current) {
      const waitingFor = held === undefined ? {} : { waitingFor: held };
      return { phase: 'scanning', ...waitingFor, scannedKeys, depth: this.#depth, prefixes: [], levels };
    }
    return {
      phase: 'current',
      scannedKeys,
      revision,
      depth: this.#depth,
      totalKeys: totals.keys,
      totalBytes: totals.bytes,
      prefixes: levels[this.#depth - 1]?.prefixes ?? [],
      levels,
    };
  }
}

/** The section of an agent that keeps no totals. */
export function waitingSection(depth: number, waitingFor: string, heldBy?: KeyspaceSection['heldBy']): KeyspaceSection {
  return {
    phase: 'waiting',
    waitingFor,
    ...(heldBy === undefined ? {} : { heldBy }),
    scannedKeys: 0,
    depth,
    prefixes: [],
    levels: [],
  };
}
