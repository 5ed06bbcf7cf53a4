import { keyText } from '../../../cluster/key-text.ts';
import type { DifferenceKind, KeyDifference } from './key-change.ts';
import type { WriteOutcome } from './write-outcome.ts';

/** Keys in which then and now differ, of one kind. */
export interface DifferenceCount {
  readonly keys: number;
  /** Of the values as the cluster has them. */
  readonly bytesNow: number;
  /** Of the values as they were. */
  readonly bytesThen: number;
}

export interface ListedKey {
  readonly kind: DifferenceKind;
  readonly key: string;
  /** Of the value; absent: there is no such key. */
  readonly bytesNow?: number;
  readonly bytesThen?: number;
}

/** A key that was to be written and was not. */
export interface UnwrittenKey {
  readonly key: string;
  readonly result: 'conflict' | 'too-large' | 'lease-gone';
  /** Of a conflict: who came in between wrote it in this revision; absent: they deleted it. */
  readonly modRevision?: bigint;
}

/** The difference between then and now, without values. */
export interface DifferenceSummary {
  readonly equalKeys: number;
  readonly counts: Readonly<Record<DifferenceKind, DifferenceCount>>;
  /** The first ones of each kind, in the order of their keys. */
  readonly listed: readonly ListedKey[];
}

/** What was written of it. */
export interface WriteSummary {
  readonly written: number;
  /** Were so already when it came to them. */
  readonly equal: number;
  readonly unwritten: number;
  /** The first ones of those. */
  readonly listed: readonly UnwrittenKey[];
}

const KINDS: readonly DifferenceKind[] = ['put-back', 'change-back', 'delete', 'changed-since', 'leased', 'keep'];

/** Counts what differs and what becomes of it; of the keys it keeps only the first ones. */
export class Tally {
  readonly #maxListed: number;
  readonly #counts = new Map<DifferenceKind, DifferenceCount>();
  readonly #listed = new Map<DifferenceKind, ListedKey[]>();
  readonly #unwritten: UnwrittenKey[] = [];
  #equalKeys = 0;
  #written = { written: 0, equal: 0, unwritten: 0 };

  /** @param maxListed of each kind */
  constructor(maxListed: number) {
    this.#maxListed = maxListed;
  }

  addEqual(): void {
    this.#equalKeys += 1;
  }

  /** How many keys have been compared. */
  get compared(): number {
    return [...this.#counts.values()].reduce((sum, { keys }) => sum + keys, this.#equalKeys);
  }

  get written(): number {
    return this.#written.written;
  }

  add({ kind, key, wanted, found }: KeyDifference): void {
    const { keys, bytesNow, bytesThen } = this.#counts.get(kind) ?? NOTHING;
    this.#counts.set(kind, {
      keys: keys + 1,
      bytesNow: bytesNow + (found?.value.length ?? 0),
      bytesThen: bytesThen + (wanted?.value.length ?? 0),
    });
    const listed = this.#listed.get(kind) ?? [];
    this.#listed.set(kind, listed);
    if (listed.length >= this.#maxListed) return;
    listed.push({
      kind,
      key: keyText(key),
      ...(found === undefined ? {} : { bytesNow: found.value.length }),
      ...(wanted === undefined ? {} : { bytesThen: wanted.value.length }),
    });
  }

  addOutcomes(outcomes: readonly WriteOutcome[]): void {
    for (const outcome of outcomes) {
      const { result } = outcome;
      if (result === 'made') this.#written.written += 1;
      else if (result === 'equal') this.#written.equal += 1;
      else {
        this.#written.unwritten += 1;
        const modRevision = result === 'conflict' ? outcome.modRevision : undefined;
        const key = keyText(outcome.change.key);
        if (this.#unwritten.length >= this.#maxListed) continue;
        this.#unwritten.push({ key, result, ...(modRevision === undefined ? {} : { modRevision }) });
      }
    }
  }

  differences(): DifferenceSummary {
    const count = (kind: DifferenceKind): DifferenceCount => this.#counts.get(kind) ?? NOTHING;
    return {
      equalKeys: this.#equalKeys,
      counts: {
        'put-back': count('put-back'),
        'change-back': count('change-back'),
        delete: count('delete'),
        keep: count('keep'),
        leased: count('leased'),
        'changed-since': count('changed-since'),
      },
      listed: KINDS.flatMap((kind) => this.#listed.get(kind) ?? []),
    };
  }

  writes(): WriteSummary {
    return { ...this.#written, listed: this.#unwritten };
  }
}

const NOTHING: DifferenceCount = { keys: 0, bytesNow: 0, bytesThen: 0 };
