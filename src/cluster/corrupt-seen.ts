import type { HistoryEntry } from './caretaking.ts';
import type { ClusterSection } from './sections.ts';

/**
 * Remembers that CORRUPT was raised until a comparison of the members' data has said what it was about. While it is raised etcd takes no write, so
 * the leader that compares and takes the alarm back cannot write down before what it has found; where it dies in between, the next one
 * knows by this that it has to compare anew. Every agent keeps one.
 */
export class CorruptSeen {
  /** The highest one that was seen while it was raised. */
  #revision: bigint | undefined;

  /** Takes in a look at the cluster. @param revision of the store then */
  look({ alarms }: Pick<ClusterSection, 'alarms'>, revision: bigint): void {
    if (!alarms.some(({ alarm }) => alarm === 'CORRUPT')) return;
    if (this.#revision === undefined || revision > this.#revision) this.#revision = revision;
  }

  /** Whether it was raised, and no hash check that came to an end since then is in the history. */
  isOpen(history: readonly HistoryEntry[]): boolean {
    const since = this.#revision;
    if (since === undefined) return false;
    return !history.some(
      ({ operation, outcome, revision }) => operation === 'hash-check' && outcome === 'succeeded' && revision >= since,
    );
  }
}
