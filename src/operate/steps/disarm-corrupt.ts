import type { OperationContext } from '../operation.ts';
import type { Parts } from './parts.ts';
import { steadyState } from './steady-state.ts';

/** Takes back CORRUPT of exactly a member that is listed no more, where it is raised: etcd keeps it, and refuses writes. */
export async function disarmCorruptOf(memberId: string, context: OperationContext, parts: Parts): Promise<void> {
  const { alarms } = await steadyState(context, parts);
  if (!alarms.some((raised) => raised.memberId === memberId && raised.alarm === 'CORRUPT')) return;
  await context.step({ name: 'disarm-corrupt', memberId }, (permit) => parts.effects.disarmCorrupt(memberId, permit));
}
