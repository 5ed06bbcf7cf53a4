import type { KeyChange } from './key-change.ts';

/** The first of many changes, by key; how many there were in all is counted elsewhere. */
export class FirstKeys {
  readonly #limit: number;
  #kept: KeyChange[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(change: KeyChange): void {
    this.#kept.push(change);
    if (this.#kept.length > 2 * this.#limit + 100) this.#kept = this.sorted();
  }

  sorted(): KeyChange[] {
    return this.#kept.toSorted((a, b) => a.key.compare(b.key)).slice(0, this.#limit);
  }
}
