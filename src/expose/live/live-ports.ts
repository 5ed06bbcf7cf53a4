import type { HistoryReply, HistorySample, MemberReply, StreamParts } from './words.ts';

/** The parts of the stream that are shown as a whole. */
export type WholeParts = Omit<StreamParts, 'sample'>;

export type WholePart = keyof WholeParts;

/** What whoever watches is told. */
export interface LiveListener {
  /** Some parts may be others than before. */
  changed(): void;
  /** A member whose history is known has a new sample. */
  sampled(sample: HistorySample): void;
  /** A history is there, or is another one than its samples make. */
  historiesChanged(): void;
}

/** What is shown live; the agent's composition fills it. */
export interface LivePorts {
  member(): MemberReply;
  history(): HistoryReply;
  /** As it is now. The same object as before says that nothing in it has changed. */
  part<K extends WholePart>(name: K): WholeParts[K];
  /** Begins to ask the other agents and to tell the listener, until what it gives is called. One watches at a time. */
  watch(listener: LiveListener): () => void;
}
