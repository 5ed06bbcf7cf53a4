import type { Operation } from './history.ts';

/** What the search came to; `given-up`: it would have taken too long to say. */
export type Linearizability = 'linearizable' | 'not-linearizable' | 'given-up';

/** So many states are looked at; a key of a run has some hundred, so this is only come to where something is odd. */
const MOST_STATES = 300_000;

/**
 * Whether the calls on one register can be put in an order in which each takes effect between its beginning and its end, and
 * answers what it did: Wing and Gong's search, with a memory of the states that it has been in, as Lowe has described it and
 * Porcupine does it. A call with an unknown answer may stand anywhere after its beginning, or nowhere.
 */
export function linearizability(operations: readonly Operation[], mostStates = MOST_STATES): Linearizability {
  const search = new Search(operations, mostStates);
  try {
    return search.run() ? 'linearizable' : 'not-linearizable';
  } catch (error) {
    if (error instanceof TooManyStates) return 'given-up';
    throw error;
  }
}

class TooManyStates extends Error {}

/** Which calls have taken effect, and what the register then holds. */
interface State {
  readonly done: bigint;
  readonly value: string | undefined;
}

class Search {
  readonly #operations: readonly Operation[];
  readonly #answered: bigint;
  readonly #seen = new Set<string>();
  readonly #mostStates: number;

  constructor(operations: readonly Operation[], mostStates: number) {
    // A read whose answer was lost says nothing.
    this.#operations = operations
      .filter(({ call, answer }) => !(call.kind === 'read' && answer.kind === 'unknown'))
      .toSorted((a, b) => a.invokedMs - b.invokedMs);
    this.#answered = this.#operations.reduce(
      (mask, { answer }, index) => (answer.kind === 'unknown' ? mask : mask | bit(index)),
      0n,
    );
    this.#mostStates = mostStates;
  }

  run(): boolean {
    const open: State[] = [{ done: 0n, value: undefined }];
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      if ((state.done & this.#answered) === this.#answered) return true;
      const name = `${state.done.toString(36)} ${state.value}`;
      if (this.#seen.has(name)) continue;
      this.#seen.add(name);
      if (this.#seen.size > this.#mostStates) throw new TooManyStates();
      open.push(...this.#next(state));
    }
    return false;
  }

  /** The states that one more call leads to. */
  #next({ done, value }: State): readonly State[] {
    const reached: State[] = [];
    for (const index of this.#candidates(done)) {
      const operation = this.#operations[index];
      const after = operation === undefined ? undefined : effect(operation, value);
      if (after === undefined) continue;
      const state = { done: done | bit(index), value: after.value };
      // What changes nothing can as well be done at once: no order is lost by that.
      if (after.value === value && operation?.answer.kind !== 'unknown') return [state];
      reached.push(state);
    }
    return reached;
  }

  /** Calls that may be the next one: they had begun before any that is not done had ended. */
  #candidates(done: bigint): readonly number[] {
    let firstEndMs = Number.POSITIVE_INFINITY;
    const candidates: number[] = [];
    for (const [index, { invokedMs, endedMs }] of this.#operations.entries()) {
      if (invokedMs > firstEndMs) break;
      if ((done & bit(index)) !== 0n) continue;
      candidates.push(index);
      firstEndMs = Math.min(firstEndMs, endedMs);
    }
    return candidates.filter((index) => (this.#operations[index]?.invokedMs ?? 0) <= firstEndMs);
  }
}

/** What the register holds after a call; undefined where its answer does not fit to what it held. */
function effect({ call, answer }: Operation, value: string | undefined): { value: string | undefined } | undefined {
  switch (call.kind) {
    case 'write':
      return { value: call.value };
    case 'read':
      return answer.kind === 'value' && answer.value === value ? { value } : undefined;
    case 'swap': {
      const fits = call.expected === value;
      if (answer.kind === 'swapped' && answer.done !== fits) return undefined;
      return { value: fits ? call.value : value };
    }
  }
}

function bit(index: number): bigint {
  return 1n << BigInt(index);
}
