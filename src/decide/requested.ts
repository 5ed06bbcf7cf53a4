import {
  type Decision,
  isOperationName,
  operationNames,
  type Reason,
  type RequestRecord,
} from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import { gate } from './gate.ts';
import { policies } from './list.ts';
import { type Asked, because } from './policy.ts';
import { isMotive, passes } from './reason-codes.ts';
import type { DecideSettings } from './settings.ts';

/** What becomes of a person's request. */
export interface RequestAnswer {
  readonly request: RequestRecord;
  /** Absent where there is no such operation. */
  readonly decision?: Decision;
  /**
   * Set where it cannot be granted: the person is told so at once. A request that is only held up by what goes by itself
   * waits instead; whoever leads sees to it that it does not wait for ever.
   */
  readonly refused?: readonly [Reason, ...Reason[]];
}

/**
 * Decides on a request: thresholds, windows, cool-downs and the budget do not count, what keeps the cluster safe does,
 * and so do pauses, `mode: plan`, arming and the breaker.
 */
export function requestedDecision(
  state: ClusterState,
  settings: DecideSettings,
  request: RequestRecord,
): RequestAnswer {
  const { operation } = request;
  if (!isOperationName(operation)) {
    const known = operationNames.join(', ');
    return {
      request,
      refused: [because('OPERATION_UNKNOWN', `this version knows no operation ${operation}, only ${known}`)],
    };
  }
  const asked: Asked = {
    by: request.by,
    ...(request.target === undefined ? {} : { target: request.target }),
    ...(request.to === undefined ? {} : { to: request.to }),
    ...(request.rehearse === undefined ? {} : { rehearse: request.rehearse }),
  };
  const decision = {
    ...gate(policies[operation](state, settings, asked), state, settings, asked),
    requestedBy: request.by,
  };
  if (decision.decision === 'act') return { request, decision };
  const [first, ...rest] = decision.reasons.filter(({ code }) => !isMotive(code));
  const waits = decision.decision === 'hold' && [first, ...rest].every((reason) => passes(reason?.code ?? ''));
  return first === undefined || waits ? { request, decision } : { request, decision, refused: [first, ...rest] };
}
