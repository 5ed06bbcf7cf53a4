import { faultOf } from '../../cluster/agent-error.ts';
import type { Reason } from '../../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import type { MembershipParts } from './parts.ts';
import { steadyState } from './steady-state.ts';
import { verifyMember } from './verify-member.ts';

/**
 * What must not be after a member was started with another version of etcd, or with other settings: any of it ends the operation before the next
 * one. It runs another version than `to`, an alarm is raised, somebody has changed the member list (parameter `members`), or, with the parameter
 * `compare`, its data differ from another voter's.
 */
export async function doubtAfter(
  { id, name }: MemberState,
  to: string,
  context: OperationContext,
  parts: MembershipParts,
): Promise<Reason | undefined> {
  const state = await steadyState(context, parts);
  const status = await parts.effects.status(id, context.signal).catch((error: unknown) => {
    context.signal.throwIfAborted();
    return faultOf(error).message.replace(/\.$/, '');
  });
  if (typeof status === 'string')
    return { code: 'MEMBER_DOWN', message: `${name} does not answer any more: ${status}` };
  const { version } = status;
  if (version !== to) return { code: 'VERSION_DIFFERS', message: `${name} says that it runs ${version}` };
  const raised = state.alarms.map(({ member, alarm }) => `${alarm} of ${member}`);
  if (raised.length > 0) return { code: 'ALARM_RAISED', message: `an alarm is raised: ${raised.join(', ')}` };
  const changed = listChange(state, context);
  if (changed !== undefined || context.slot.parameters['compare'] !== true) return changed;
  try {
    await verifyMember(id, context, parts);
    return undefined;
  } catch (error) {
    context.signal.throwIfAborted();
    const { code, message } = faultOf(error);
    // Somebody compacts all the time: that says nothing of the data.
    if (code === 'HASH_NOT_COMPARABLE') return undefined;
    if (code === 'MEMBER_DIFFERS' || error instanceof OperationStopped)
      return { code, message: message.replace(/\.$/, '') };
    throw error;
  }
}

function listChange({ members }: ClusterState, { slot }: OperationContext): Reason | undefined {
  const { members: before } = slot.parameters;
  const known = new Set(Array.isArray(before) ? before : []);
  const now = members.map(({ id }) => id);
  const isSame = now.length === known.size && now.every((id) => known.has(id));
  return isSame ? undefined : { code: 'MEMBERS_CHANGED', message: 'somebody else has changed the member list' };
}
