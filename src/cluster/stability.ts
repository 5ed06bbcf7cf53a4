/** Nobody looked for so long (the process was stopped, or etcd did not answer): what was in between is not known. */
const BLIND_MS = 60_000;

/** How long a value has been the same without a break, by the monotonic clock of the one who looks. */
export class StableValue<T extends string | number | bigint | boolean> {
  #value: T | undefined;
  #sinceMs = 0;
  #lookedMs = 0;
  readonly #blindMs: number;

  /** @param blindMs a longer time between two looks makes it begin anew */
  constructor(blindMs: number = BLIND_MS) {
    this.#blindMs = blindMs;
  }

  /** Takes in the value as it is now, and tells for how many seconds it has been seen unchanged: 0 the first time. */
  look(value: T, monotonicMs: number): number {
    if (value !== this.#value || monotonicMs - this.#lookedMs > this.#blindMs) {
      this.#value = value;
      this.#sinceMs = monotonicMs;
    }
    this.#lookedMs = monotonicMs;
    return (monotonicMs - this.#sinceMs) / 1000;
  }
}

/** How long a condition has held without a break, by the monotonic clock of the one who looks. */
export class HeldCondition {
  readonly #holding: StableValue<boolean>;

  /** @param blindMs as in `StableValue` */
  constructor(blindMs: number = BLIND_MS) {
    this.#holding = new StableValue(blindMs);
  }

  /** Takes in whether it holds now, and tells for how many seconds it has been seen to: 0 while it does not. */
  look(holds: boolean, monotonicMs: number): number {
    const seconds = this.#holding.look(holds, monotonicMs);
    return holds ? seconds : 0;
  }
}
