import type { RevisionRange } from '../chain.ts';
import { byRevision, highest, lowest } from '../revisions.ts';

/** A full snapshot that was read: all that happened after its compaction, and of before the last write of what was there. */
export interface ReadFull {
  readonly revision: bigint;
  readonly compactRevision: bigint;
}

/** Revisions of which everything is known; `to` is `from - 1` where a snapshot was taken right after its compaction. */
interface Known extends RevisionRange {
  /** The lowest snapshot in it that was read: it tells something of what was before, too. */
  readonly full?: ReadFull;
}

/** Revisions of which little or nothing is known. */
export interface UnknownRevisions extends RevisionRange {
  /** Of the full snapshot that holds what was written in there and still stood at its compaction; absent: nothing is known. */
  readonly heldAt?: bigint;
}

/** Of which revisions a store knows everything, as far as it was read. */
export class KnownRevisions {
  #known: readonly Known[] = [];

  /** Segments that follow each other hold all of these. */
  addRange(range: RevisionRange): void {
    this.#add(range);
  }

  addFull(full: ReadFull): void {
    this.#add({ from: full.compactRevision + 1n, to: full.revision, full });
  }

  /** Whether a snapshot would tell anything more: of what it holds all is known, and of what was before, no less. */
  tells({ revision, compactRevision }: ReadFull): boolean {
    return !this.#known.some(
      ({ from, to, full }) => full !== undefined && from <= compactRevision + 1n && revision <= to,
    );
  }

  covers(revision: bigint): boolean {
    return this.#known.some(({ from, to }) => from <= revision && revision <= to);
  }

  /** Everything else up to the newest revision that the store has a name for. */
  unknown(newest: bigint): readonly UnknownRevisions[] {
    let next = 1n;
    const unknown: UnknownRevisions[] = [];
    for (const { from, to, full } of this.#known) {
      if (from > next) {
        unknown.push({ from: next, to: from - 1n, ...(full === undefined ? {} : { heldAt: full.revision }) });
      }
      next = to + 1n;
    }
    return newest < next ? unknown : [...unknown, { from: next, to: newest }];
  }

  #add(added: Known): void {
    const touches = (known: Known): boolean => known.from <= added.to + 1n && added.from <= known.to + 1n;
    const joined = [...this.#known.filter(touches), added];
    const fulls = joined.flatMap(({ full }) => (full === undefined ? [] : [full]));
    const [full] = fulls.toSorted((a, b) => byRevision(a.revision, b.revision));
    const union: Known = {
      from: lowest(joined.map((known) => known.from)) ?? added.from,
      to: highest(joined.map((known) => known.to)) ?? added.to,
      ...(full === undefined ? {} : { full }),
    };
    const others = this.#known.filter((known) => !touches(known));
    this.#known = [...others, union].toSorted((a, b) => byRevision(a.from, b.from));
  }
}
