import type { FullEntry, SegmentEntry } from '../chain/catalogue.ts';
import type { DeltaEvent } from '../delta/revision-batch.ts';
import type { KeyEntry } from '../full/bolt/key-entries.ts';
import { BrokenObject, objectDamaged } from '../restore/broken-object.ts';
import type { DiffPlan, StateSource } from './diff-plan.ts';
import { changeOf, type KeyChange, type KeyState, keyState } from './key-change.ts';
import { ALL_KEYS, type KeyShare, KeyTable } from './key-table.ts';

/** How objects of the store are read. */
export interface ObjectReader {
  /** All events of some segments, each revision once, of revisions after one up to another. */
  events(
    segments: readonly SegmentEntry[],
    after: bigint,
    upTo: bigint,
  ): AsyncIterable<{ readonly revision: bigint; readonly event: DeltaEvent }>;
  /** All entries of a snapshot up to a revision, ascending. */
  entries(full: FullEntry, upTo: bigint, visit: (entry: KeyEntry) => void): Promise<void>;
}

export interface ChangedKeysOptions {
  readonly from: bigint;
  readonly to: bigint;
  readonly plan: DiffPlan;
  readonly reader: ObjectReader;
  /** Only keys that begin with it. */
  readonly prefix: Buffer;
  /** What a table of keys may take. */
  readonly keptBytes?: number;
}

/** What is known of a key while two points are compared. */
interface Known {
  /** It was not written between the points, and is there at both. */
  isUntouched: boolean;
  after: KeyState | undefined;
  before: KeyState | undefined;
  /** By the events between the points; undefined where only a state was read. */
  readonly wasThere: boolean | undefined;
  /** Nothing that is older counts for `before`. */
  isSettled: boolean;
}

/**
 * Every key that is not at one point as it was at the other, in no order. Where keys do not fit into memory, everything is
 * read once more for each share of them. Throws `BrokenObject`, after which all that was given so far is void, and what
 * reading throws.
 */
export async function* changedKeys(options: ChangedKeysOptions): AsyncGenerator<KeyChange, void, undefined> {
  const shares: KeyShare[] = [ALL_KEYS];
  for (let share = shares.pop(); share !== undefined; share = shares.pop()) {
    const table = new KeyTable<Known>(share, options.keptBytes);
    await new Comparison(options, table).read();
    for (const [key, { isUntouched, before, after }] of table.entries()) {
      const change = isUntouched ? undefined : changeOf(key, before, after);
      if (change !== undefined) yield change;
    }
    shares.push(...table.later);
  }
}

/** The comparison of one share of the keys. */
class Comparison {
  readonly #options: ChangedKeysOptions;
  readonly #table: KeyTable<Known>;

  constructor(options: ChangedKeysOptions, table: KeyTable<Known>) {
    this.#options = options;
    this.#table = table;
  }

  /** Fills the table: first what is there at the end, then, of what may differ, what was there at the start. */
  async read(): Promise<void> {
    const { start, between } = this.#options.plan;
    if (between.kind === 'segments') await this.#readEvents(between.segments);
    else await this.#readEnd(between.end);
    await this.#readStart(start, between.kind === 'states');
  }

  async #readEvents(segments: readonly SegmentEntry[]): Promise<void> {
    const { from, to, reader } = this.#options;
    for await (const { revision, event } of reader.events(segments, from, to)) {
      if (!this.#isMeant(event.key)) continue;
      const after = stateOf(revision, event);
      const known = this.#table.get(event.key);
      if (known !== undefined) known.after = after;
      else {
        // The first event tells whether the key was there before it: only what is there is deleted.
        const wasThere = event.type === 'delete' || event.createRevision <= from;
        this.#table.add(event.key, { isUntouched: false, after, before: undefined, wasThere, isSettled: !wasThere });
      }
    }
  }

  async #readEnd({ full, segments }: StateSource): Promise<void> {
    const { from, to, reader } = this.#options;
    const take = (key: Buffer, revision: bigint, state: () => KeyState | undefined): void => {
      if (!this.#isMeant(key)) return;
      const isUntouched = revision <= from;
      // What was not written since is the same at the start: its value does not matter.
      const after = isUntouched ? undefined : state();
      const known = this.#table.get(key);
      if (known !== undefined) Object.assign(known, { isUntouched, after });
      else this.#table.add(key, { isUntouched, after, before: undefined, wasThere: undefined, isSettled: false });
    };
    await reader.entries(full, to, ({ revision, deleted, key, kv }) => {
      if (deleted) this.#table.delete(key);
      else take(key, revision, () => keyState(revision, kv().value));
    });
    for await (const { revision, event } of reader.events(segments, full.name.revision, to)) {
      if (event.type === 'delete') this.#table.delete(event.key);
      else take(event.key, revision, () => keyState(revision, event.value));
    }
  }

  /** @param all keys that are not there at the end count too: they were removed */
  async #readStart({ full, segments }: StateSource, all: boolean): Promise<void> {
    const { from, reader } = this.#options;
    const knownOf = (key: Buffer): Known | undefined => {
      const known = this.#table.get(key);
      if (known !== undefined) return known.isUntouched || known.wasThere === false ? undefined : known;
      if (!all || !this.#isMeant(key)) return undefined;
      const added = { isUntouched: false, after: undefined, before: undefined, wasThere: undefined, isSettled: false };
      this.#table.add(key, added);
      return added;
    };
    // What is younger counts, so it is read first, and the snapshot, which is large, only where that does not tell all.
    for await (const { revision, event } of reader.events(segments, full.name.revision, from)) {
      const known = knownOf(event.key);
      if (known !== undefined) Object.assign(known, { before: stateOf(revision, event), isSettled: true });
    }
    if (!all && !this.#isAnyOpen()) return;
    await reader.entries(full, from, ({ revision, deleted, key, kv }) => {
      const known = knownOf(key);
      if (known === undefined || known.isSettled) return;
      known.before = deleted ? undefined : keyState(revision, kv().value);
    });
    for (const [, { wasThere, before }] of this.#table.entries()) {
      if (wasThere === true && before === undefined) throw contradiction(full.key);
    }
  }

  #isAnyOpen(): boolean {
    for (const [, { isSettled }] of this.#table.entries()) if (!isSettled) return true;
    return false;
  }

  #isMeant(key: Buffer): boolean {
    const { prefix } = this.#options;
    return prefix.compare(key, 0, Math.min(prefix.length, key.length)) === 0 && this.#table.covers(key);
  }
}

function stateOf(revision: bigint, { type, value }: DeltaEvent): KeyState | undefined {
  return type === 'delete' ? undefined : keyState(revision, value);
}

function contradiction(key: string): BrokenObject {
  return new BrokenObject(key, objectDamaged(key, 'it lacks a key that a segment after it says was there'));
}
