import type { Action, Decision, OperationName, Reason } from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import type { ReasonCode } from './reason-codes.ts';
import type { DecideSettings } from './settings.ts';

/** A person asked: thresholds, windows and cool-downs do not count then, what keeps the cluster safe does. */
export interface Asked {
  readonly by: string;
  /** Member id. */
  readonly target?: string;
  /** Of an upgrade: the version of etcd, as somebody wrote it. */
  readonly to?: string;
  /** Of an upgrade: it is tried first, on restored data. */
  readonly rehearse?: true;
}

/**
 * Decides whether the cluster needs something and is fit for it: `act` or `hold`, never a throw. Whether the agents may
 * act is for `gate` to say.
 */
export type Policy = (state: ClusterState, settings: DecideSettings, asked?: Asked) => Decision;

/** A reason with a code of the list. */
export function because(code: ReasonCode, message: string): Reason {
  return { code, message };
}

/** At least one reason. */
export type Reasons = Decision['reasons'];

/** Whether there is any reason. */
export function isSome(reasons: readonly Reason[]): reasons is Reasons {
  return reasons.length > 0;
}

/** The decision to do nothing. @param page a person has to look at it */
export function hold(policy: OperationName, reasons: Reasons, page = false): Decision {
  return { policy, decision: 'hold', reasons, ...(page ? { page } : {}) };
}

/** The decision to do something now. */
export function act(
  policy: OperationName,
  reasons: Reasons,
  action: Omit<Action, 'operation'>,
  asked?: Asked,
): Decision {
  return {
    policy,
    decision: 'act',
    reasons: asked === undefined ? reasons : [because('REQUESTED', `${asked.by} asked for it`), ...reasons],
    action: { operation: policy, ...action },
    ...(asked === undefined ? {} : { requestedBy: asked.by }),
  };
}
