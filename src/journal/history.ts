import type { HistoryEntry } from '../cluster/caretaking.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { certainTxn } from './certain-txn.ts';
import type { JournalKeys } from './keys.ts';
import { encodeHistory } from './records/history.ts';

/** How many ended operations are kept, and how many entries of the audit. */
const KEPT_ENTRIES = 50;

/** Etcd takes 128 changes in one transaction; what is left goes with the next entry. */
const MOST_DROPPED = 100;

/**
 * Revisions of the entries that go when one more comes: operations, by which cool-downs, budget and breaker go, are kept
 * apart from what people said and were refused, so that neither drives the other out. @param history newest first
 */
export function historyToDrop(history: readonly HistoryEntry[]): readonly bigint[] {
  const said = history.filter(isSaid);
  const operations = history.filter((entry) => !isSaid(entry));
  return [said, operations]
    .flatMap((entries) => entries.slice(KEPT_ENTRIES - 1))
    .map(({ revision }) => revision)
    .slice(-MOST_DROPPED);
}

/** Nothing was done for it. */
function isSaid({ operation, outcome }: HistoryEntry): boolean {
  return outcome === 'refused' || operation === 'pause' || operation === 'resume';
}

/**
 * Writes an entry down that no operation stands behind, such as a pause: needs no term, since it changes nothing. Throws
 * `JOURNAL_UNCERTAIN`, `JOURNAL_TOO_LARGE`, or what etcd refuses with.
 */
export async function addHistory(
  client: MemberClient,
  keys: JournalKeys,
  entry: HistoryEntry,
  drop: readonly bigint[],
  signal?: AbortSignal,
): Promise<void> {
  const key = keys.history(entry.revision);
  const value = encodeHistory(entry);
  const gone = drop
    .filter((revision) => revision !== entry.revision)
    .map((revision) => ({ delete: keys.history(revision) }));
  await certainTxn(
    client,
    { compare: [{ key, createRevision: 0n }], changes: [...gone, { put: key, value }], witness: { key, value } },
    signal,
  );
}
