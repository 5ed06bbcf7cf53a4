import type { HistoryEntry, Slot } from './caretaking.ts';
import type { ForeignSign, MemberState } from './state.ts';
import { formatBytes, formatCount } from './units.ts';

/** A file that shrank by more than this share was defragmented, or replaced by a snapshot of the raft leader. */
const SHRINK_RATIO = 0.2;
/** Less than this is a new database that was laid out anew. */
const LEAST_SHRINK_BYTES = 4 * 2 ** 20;
/** Figures of other agents are so old at most when an operation of ours has just ended. */
const AFTERGLOW_MS = 2 * 60_000;
/** A sign is shown for so long after it was last seen. */
const REMEMBERED_MS = 24 * 3_600_000;

/** What one round knows of the things that somebody else may have had a hand in. */
export interface HandsRound {
  readonly monotonicMs: number;
  readonly members: readonly Pick<MemberState, 'id' | 'name' | 'dbSizeBytes' | 'observed'>[];
  readonly slot?: Pick<Slot, 'operation'> | undefined;
  readonly history: readonly HistoryEntry[];
}

interface Seen {
  readonly sign: ForeignSign;
  readonly monotonicMs: number;
}

/**
 * Notices what was done to the store by somebody else, from one round to the next: a database that shrank, or a compact
 * revision that moved, while no operation of ours was under way, nor has ended since. Works by the own monotonic clock
 * only, and says nothing of the time before its first round.
 */
export class ForeignHands {
  readonly #sizes = new Map<string, number>();
  readonly #seen = new Map<string, Seen>();
  readonly #known = new Set<string>();
  #compactRevision: bigint | undefined;
  #first = true;
  /** When an operation of ours was last seen that shrinks files, or compacts. */
  #ownDefragMs = Number.NEGATIVE_INFINITY;
  #ownCompactionMs = Number.NEGATIVE_INFINITY;

  /** Takes in a round, and tells the signs that stand. */
  round(round: HandsRound): readonly ForeignSign[] {
    this.#noteOwn(round);
    this.#lookAtSizes(round);
    this.#lookAtCompaction(round);
    this.#first = false;
    for (const [key, { monotonicMs }] of this.#seen) {
      if (round.monotonicMs - monotonicMs > REMEMBERED_MS) this.#seen.delete(key);
    }
    return [...this.#seen.values()].map(({ sign }) => sign);
  }

  #noteOwn({ slot, history, monotonicMs }: HandsRound): void {
    const ended = history.filter(({ id }) => !this.#known.has(id));
    const seen = [slot?.operation, ...(this.#first ? [] : ended.map(({ operation }) => operation))];
    if (seen.some((operation) => operation === 'defrag' || operation === 'nospace')) this.#ownDefragMs = monotonicMs;
    if (seen.some((operation) => operation === 'compaction' || operation === 'nospace')) {
      this.#ownCompactionMs = monotonicMs;
    }
    this.#known.clear();
    for (const { id } of history) this.#known.add(id);
  }

  #lookAtSizes({ members, monotonicMs }: HandsRound): void {
    for (const { id, name, dbSizeBytes: size } of members) {
      if (size === undefined) continue;
      const before = this.#sizes.get(id) ?? size;
      this.#sizes.set(id, size);
      const shrunk = before - size;
      if (shrunk <= SHRINK_RATIO * before || shrunk < LEAST_SHRINK_BYTES) continue;
      if (monotonicMs - this.#ownDefragMs <= AFTERGLOW_MS) continue;
      const message = `the database of ${name} shrank from ${formatBytes(before)} to ${formatBytes(size)} by no operation of ours: somebody else defragments, or it was replaced`;
      this.#seen.set(`size ${id}`, {
        sign: { code: 'FOREIGN_DEFRAG', message, policies: ['defrag'] },
        monotonicMs,
      });
    }
  }

  #lookAtCompaction({ members, monotonicMs }: HandsRound): void {
    const revision = highest(members.flatMap(({ observed }) => observed?.compactRevision ?? []));
    const before = this.#compactRevision;
    if (revision === undefined) return;
    this.#compactRevision = before === undefined || revision > before ? revision : before;
    if (before === undefined || revision <= before || monotonicMs - this.#ownCompactionMs <= AFTERGLOW_MS) return;
    const message = `the store was compacted to revision ${formatCount(revision)} by no operation of ours: somebody else compacts`;
    this.#seen.set('compaction', {
      sign: { code: 'FOREIGN_COMPACTION', message, policies: ['compaction'] },
      monotonicMs,
    });
  }
}

function highest(values: readonly bigint[]): bigint | undefined {
  return values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)).at(-1);
}
