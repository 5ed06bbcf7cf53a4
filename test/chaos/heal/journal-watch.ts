import type { HistoryEntry, Slot } from '../../../src/cluster/caretaking.ts';
import type { MemberClient } from '../../../src/etcd/member-client.ts';
import { journalKeys } from '../../../src/journal/keys.ts';
import { JournalMirror } from '../../../src/journal/mirror.ts';
import type { JournalSnapshot } from '../../../src/journal/snapshot.ts';
import type { SeenStep } from './quorum-watch.ts';

/** All that agents have written down, seen through every member at once, so that one that is away hides nothing. */
export class JournalWatch implements AsyncDisposable {
  readonly #mirrors: readonly JournalMirror[];
  readonly #steps = new Map<string, SeenStep>();
  readonly #ended = new Map<string, HistoryEntry>();
  readonly #listeners = new Set<(step: SeenStep, slot: Slot) => void>();

  constructor(clients: readonly MemberClient[]) {
    const keys = journalKeys('/etcd-caretaker/');
    this.#mirrors = clients.map((client) => new JournalMirror(client, keys));
    for (const mirror of this.#mirrors) {
      mirror.onChange((snapshot) => this.#take(snapshot));
      mirror.start();
    }
  }

  /** As they were written, the oldest first. */
  get steps(): readonly SeenStep[] {
    return [...this.#steps.values()].toSorted((a, b) => a.atMs - b.atMs);
  }

  /** Operations that have ended, the oldest first; without what people have asked for besides. */
  get ended(): readonly HistoryEntry[] {
    return [...this.#ended.values()].toSorted((a, b) => Number(a.revision - b.revision));
  }

  /** The newest that is connected; the newest of all where none is. */
  get snapshot(): JournalSnapshot | undefined {
    const sorted = this.#mirrors.map(({ snapshot }) => snapshot).toSorted((a, b) => Number(b.revision - a.revision));
    return sorted.find(({ connected }) => connected) ?? sorted[0];
  }

  /** Calls back once with each new step, until the function that it gives is called. */
  onStep(listener: (step: SeenStep, slot: Slot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#mirrors.map((mirror) => mirror.close()));
  }

  #take({ slot, history }: JournalSnapshot): void {
    if (slot !== undefined) this.#takeSteps(slot.slot);
    for (const entry of history) {
      if (!this.#ended.has(entry.id)) this.#ended.set(entry.id, entry);
      for (const [index, step] of entry.steps.entries()) this.#note(entry, index, step);
    }
  }

  #takeSteps(slot: Slot): void {
    for (const [index, step] of slot.steps.entries()) {
      if (!this.#note(slot, index, step)) continue;
      for (const listener of this.#listeners)
        listener({ ...step, operation: slot.operation, operationId: slot.id }, slot);
    }
  }

  /** Whether it is a new one. */
  #note({ id, operation }: Pick<Slot, 'id' | 'operation'>, index: number, step: Slot['steps'][number]): boolean {
    const name = `${id} ${index}`;
    if (this.#steps.has(name)) return false;
    this.#steps.set(name, { ...step, operation, operationId: id });
    return true;
  }
}
