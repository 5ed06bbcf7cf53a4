/** What a ring holds, oldest first; null where nothing was known. */
export interface RingColumns {
  readonly times: readonly number[];
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

interface Column {
  readonly values: Float64Array;
  /** Number of the push that last gave it a value. */
  lastPush: number;
}

/**
 * The newest samples of some columns, in memory of a fixed size: a new sample takes the place of the oldest. A column comes with its first value,
 * and goes when the ring has none of its values any more.
 */
export class SampleRing {
  readonly #capacity: number;
  readonly #mostColumns: number;
  readonly #times: Float64Array;
  readonly #columns = new Map<string, Column>();
  #pushes = 0;

  constructor(capacity: number, mostColumns: number) {
    this.#capacity = capacity;
    this.#mostColumns = mostColumns;
    this.#times = new Float64Array(capacity);
  }

  push(time: number, values: Readonly<Record<string, number | null>>): void {
    const at = this.#pushes % this.#capacity;
    this.#pushes += 1;
    this.#times[at] = time;
    const given = new Map(Object.entries(values).filter(([, value]) => value !== null));
    for (const [name, column] of this.#columns) {
      if (!given.has(name)) column.values[at] = Number.NaN;
      if (this.#pushes - column.lastPush >= this.#capacity) this.#columns.delete(name);
    }
    // First those that are there: none of them is the oldest then.
    const isNew = ([name]: readonly [string, unknown]): number => (this.#columns.has(name) ? 0 : 1);
    for (const [name, value] of [...given].toSorted((a, b) => isNew(a) - isNew(b))) {
      const column = this.#columns.get(name) ?? this.#add(name);
      column.values[at] = value ?? Number.NaN;
      column.lastPush = this.#pushes;
    }
  }

  /** @param from time of the oldest sample that is wanted */
  read(from: number): RingColumns {
    const length = Math.min(this.#pushes, this.#capacity);
    const first = this.#pushes - length;
    const slots = Array.from({ length }, (_, index) => (first + index) % this.#capacity).filter(
      (slot) => (this.#times[slot] ?? 0) >= from,
    );
    const valueAt = (values: Float64Array, slot: number): number | null => {
      const value = values[slot] ?? Number.NaN;
      return Number.isNaN(value) ? null : value;
    };
    return {
      times: slots.map((slot) => this.#times[slot] ?? 0),
      columns: Object.fromEntries(
        [...this.#columns].map(([name, { values }]) => [name, slots.map((slot) => valueAt(values, slot))]),
      ),
    };
  }

  #add(name: string): Column {
    if (this.#columns.size >= this.#mostColumns) {
      const [oldest] = [...this.#columns].toSorted(([, a], [, b]) => a.lastPush - b.lastPush);
      if (oldest !== undefined) this.#columns.delete(oldest[0]);
    }
    const column = { values: new Float64Array(this.#capacity).fill(Number.NaN), lastPush: this.#pushes };
    this.#columns.set(name, column);
    return column;
  }
}
