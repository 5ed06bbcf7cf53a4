import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import type { Ground } from '../chaos/heal/ground.ts';
import { until } from '../chaos/waiting.ts';

const PATIENCE_MS = 180_000;

/** Asks for an operation, as a person does, and waits for its end. */
export async function asked({ cluster, journal }: Ground, operation: string): Promise<HistoryEntry> {
  const ended = (): readonly HistoryEntry[] => journal.ended.filter((entry) => entry.operation === operation);
  const before = new Set(ended().map(({ id }) => id));
  await cluster.request(operation);
  let entry: HistoryEntry | undefined;
  await until(
    `${operation} does not end`,
    () => {
      entry = ended().find(({ id }) => !before.has(id));
      return entry === undefined ? `the slot has ${journal.snapshot?.slot?.slot.operation ?? 'nothing'}` : undefined;
    },
    { patienceMs: PATIENCE_MS },
  );
  if (entry === undefined) throw new Error(`${operation} has no end`);
  return entry;
}

/** The same, which has to succeed. */
export async function carriedOut(ground: Ground, operation: string): Promise<void> {
  const { outcome, summary } = await asked(ground, operation);
  if (outcome !== 'succeeded') throw new Error(`${operation} ${outcome}: ${summary}`);
}
