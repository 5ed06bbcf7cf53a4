import { type OperationContext, OperationStopped } from '../operation.ts';
import type { MembershipParts } from './parts.ts';

/**
 * Takes a full snapshot where the parameter `snapshot` asks for one, since backups were not young enough; at least one
 * store has to have it. Gives whether one was taken now.
 * @throws OperationStopped `NO_BACKUP`; and what taking it ends with
 */
export async function safetySnapshot(context: OperationContext, { backups }: MembershipParts): Promise<boolean> {
  const { parameters, steps } = context.slot;
  // Where an earlier leader has come on since, it was taken.
  if (parameters['snapshot'] !== true || steps.slice(0, -1).some(({ name }) => name === 'snapshot')) return false;
  const { stores } = await context.step({ name: 'snapshot' }, ({ signal }) => backups.takeSnapshot(signal));
  if (stores.some(({ fault }) => fault === undefined)) return true;
  const why = stores.map(({ url, fault }) => `${url} (${fault})`).join(', ');
  throw new OperationStopped('NO_BACKUP', `a snapshot was taken, and no store has it: ${why}`);
}
