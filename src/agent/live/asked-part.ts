import { faultOf } from '../../cluster/agent-error.ts';
import { ProblemError } from '../../expose/http/problem.ts';
import type { PartFault } from '../../expose/live/words.ts';
import { sentences } from '../../expose/sentences.ts';

/** A part of what is shown live that has to be asked for: as it was last had, or why it could not be. */
export class AskedPart<T extends object> {
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  readonly #onChange: () => void;
  #value: T | PartFault = { fault: { code: 'NOT_ASKED_YET', message: 'It is being asked for.' } };
  #asking: Promise<void> | undefined;

  constructor(ask: (signal: AbortSignal) => Promise<T>, onChange: () => void) {
    this.#ask = ask;
    this.#onChange = onChange;
  }

  get value(): T | PartFault {
    return this.#value;
  }

  /** Asks, unless it is being asked. Never rejects. */
  look(signal: AbortSignal): Promise<void> {
    // What is thrown before there is a promise counts the same.
    this.#asking ??= Promise.resolve(signal)
      .then(this.#ask)
      .catch(faultPart)
      .then((value) => {
        this.#asking = undefined;
        if (signal.aborted) return;
        this.#value = value;
        this.#onChange();
      });
    return this.#asking;
  }
}

/** Why a part is not there; what nobody meant to happen is a fault of it, too, and must not end the others. */
export function faultPart(error: unknown): PartFault {
  if (error instanceof ProblemError) {
    const { code, detail } = error.problem;
    return { fault: { code, message: detail } };
  }
  const { code, message, remedy } = faultOf(error);
  return { fault: { code, message: sentences(message, remedy) } };
}
