import type { JournaledStep } from '../cluster/caretaking.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { JournalKeys } from './keys.ts';
import { parseHistory } from './records/history.ts';
import { parseSlot } from './records/slot.ts';

/** The step by which operations remove a member; it names the member. */
const REMOVES = 'remove-member';

/** By which operation a member was removed, and who had asked for that. */
export interface Removal {
  readonly operation: string;
  readonly requestedBy?: string;
}

/**
 * Which operation of the agents removed a member, by the journal: the one under way, or one that has ended. Undefined where none did:
 * then it was a person, or so long ago that the journal has forgotten. Throws `EtcdError`.
 */
export async function removedBy(
  client: MemberClient,
  keys: JournalKeys,
  memberId: string,
  signal: AbortSignal,
): Promise<Removal | undefined> {
  const [slot, history] = await Promise.all([
    client.range({ key: keys.slot }, signal),
    client.range(keys.histories, signal),
  ]);
  const begun = slot.kvs.map(({ value }) => parseSlot(value));
  const ended = history.kvs.map(({ value }) => parseHistory(value));
  for (const parsed of [...begun, ...ended.toReversed()]) {
    if (parsed.kind !== 'record' || !removes(parsed.record.steps, memberId)) continue;
    const { operation, requestedBy } = parsed.record;
    return { operation, ...(requestedBy === undefined ? {} : { requestedBy }) };
  }
  return undefined;
}

function removes(steps: readonly JournaledStep[], memberId: string): boolean {
  return steps.some((step) => step.name === REMOVES && step.memberId === memberId);
}
