import { isOperationName, type Reason } from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import { because } from './policy.ts';

/** Why the operation in the slot is not this agent's to go on with or to take away; undefined where it is, or there is none. */
export function unknownSlot({ slot, ownOperations }: Pick<ClusterState, 'slot' | 'ownOperations'>): Reason | undefined {
  if (slot === undefined) return undefined;
  const { operation, operationVersion } = slot;
  if (!isOperationName(operation)) {
    return because('KEY_UNREADABLE', `the slot holds the operation ${operation}, which this version does not know`);
  }
  const known = ownOperations?.[operation] ?? operationVersion;
  if (operationVersion <= known) return undefined;
  const message = `the slot holds version ${operationVersion} of ${operation}, and this agent knows up to ${known}: an agent of a newer version has to go on with it`;
  return because('KEY_UNREADABLE', message);
}
