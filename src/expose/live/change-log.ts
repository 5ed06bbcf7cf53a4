import type { Observation } from '../../cluster/observation.ts';
import { changesBetween } from './cluster-changes.ts';
import { type ClusterFacts, clusterFacts, type FactsAside } from './cluster-facts.ts';
import type { ClusterChange } from './words.ts';

const MOST_CHANGES = 200;

/** What has changed in the cluster since the agent started, as far as it keeps it. */
export class ChangeLog {
  #facts: ClusterFacts | undefined;
  #changes: readonly ClusterChange[] = [];

  /** The newest 200, newest first; the same object while there is none more. */
  get changes(): readonly ClusterChange[] {
    return this.#changes;
  }

  take(observation: Observation, aside?: FactsAside): void {
    // Before the first round nothing is known.
    if (observation.observedAtMonotonicMs === 0) return;
    const before = this.#facts;
    this.#facts = clusterFacts(observation, before, aside);
    const changes = before === undefined ? [] : changesBetween(before, this.#facts);
    if (changes.length === 0) return;
    this.#changes = [...changes.toReversed(), ...this.#changes].slice(0, MOST_CHANGES);
  }
}
