import type { ReportRecord } from '../cluster/caretaking.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { certainTxn } from './certain-txn.ts';
import { dropKeys } from './drop-keys.ts';
import type { JournalKeys } from './keys.ts';
import { encodeReport } from './records/report.ts';
import type { JournaledSlot } from './snapshot.ts';
import type { Term } from './term.ts';

/**
 * Reports what came of a step, as long as its operation is under way; a later report of the same operation takes its place.
 * False where the operation has ended. Throws `JOURNAL_UNCERTAIN`, `JOURNAL_TOO_LARGE`, or what etcd refuses with.
 * @param lease the reporting agent's: what nobody takes away goes with it; 0n: none
 */
export async function writeReport(
  client: MemberClient,
  keys: JournalKeys,
  { slot, report, lease }: { readonly slot: JournaledSlot; readonly report: ReportRecord; readonly lease: bigint },
  signal?: AbortSignal,
): Promise<boolean> {
  const key = keys.report(report.operationId);
  const value = encodeReport(report);
  const { succeeded } = await certainTxn(
    client,
    {
      // The slot may be written to meanwhile, but as long as it is there it is that of the same operation.
      compare: [{ key: keys.slot, createRevision: slot.createRevision }],
      changes: [{ put: key, value, lease }],
      witness: { key, value },
    },
    signal,
  );
  return succeeded;
}

/** Takes away reports of operations that have ended. Throws `TERM_LOST`, `JOURNAL_UNCERTAIN`, or what etcd refuses with. */
export async function dropReports(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  operationIds: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  await dropKeys(
    client,
    term,
    operationIds.map((id) => keys.report(id)),
    signal,
  );
}
