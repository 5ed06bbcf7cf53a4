import { type HeldCause, type Look, lookOf } from '../../cluster/diagnosis.ts';
import type { Observation } from '../../cluster/observation.ts';
import { diagnose } from '../../decide/diagnose.ts';

/** So many looks tell something to an agent: rates take two, and one rate alone proves nothing. */
const agentLooks = 3;

/**
 * Looks that are kept: two minutes of rounds of 10 s. With three members one has about 9 kB (serialized, measured), with twenty
 * prefixes and as many certificates some 20 kB: all of them together 0.1 to 0.25 MB, and a few times that as objects.
 */
const keptLooks = 12;

/** Looks are at least this far apart, so that rounds in quick succession do not push the past out. */
const apartMs = 1900;

/** Keeps the last rounds of an agent, and names the causes of what is wrong after each. Holds no resource. */
export class Diagnostician {
  readonly #leastLooks: number;
  #looks: readonly Look[] = [];
  #causes: readonly HeldCause[] = [];
  #round = 0;

  /** @param leastLooks as many have to be there before anything is said; two for whoever looks only twice */
  constructor(leastLooks = agentLooks) {
    this.#leastLooks = leastLooks;
  }

  /** Takes in an observation; one of a round that is not over yet, or that came too soon, changes nothing. */
  take(observation: Observation): void {
    if (observation.rounds <= this.#round) return;
    const newest = this.#looks.at(-1);
    if (newest !== undefined && observation.observedAtMonotonicMs - newest.atMonotonicMs < apartMs) return;
    this.#round = observation.rounds;
    this.#looks = [...this.#looks, lookOf(observation)].slice(-keptLooks);
    this.#causes = this.#looks.length < this.#leastLooks ? [] : diagnose(this.#looks, this.#causes);
  }

  /** What it has to say, as a part of an observation; nothing until it knows enough. */
  part(): Pick<Observation, 'diagnosis'> {
    const { length } = this.#looks;
    return length < this.#leastLooks ? {} : { diagnosis: { causes: this.#causes, looks: length } };
  }
}
