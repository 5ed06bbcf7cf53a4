import type { Reason } from '../../cluster/caretaking.ts';
import type { RecoveryEvidence } from '../../cluster/recovery.ts';
import { because } from './reasons.ts';
import type { RecoverInput } from './recover-plan.ts';

/** Whether the agent could start a member. */
export function canStart({ own }: RecoveryEvidence): boolean {
  return own.kind !== 'none';
}

/** Agents that have agreed on something else. */
export function promised(heard: readonly RecoveryEvidence[]): readonly Reason[] {
  return heard.flatMap(({ member, promise }) =>
    promise === undefined || promise.endedAtMs !== undefined
      ? []
      : because('ALREADY_PROMISED', `the agent beside ${member} has promised plan ${promise.planId}`),
  );
}

/** Agents that are silent, and whose members nobody has given up. */
export function notHeard({ members, lost }: RecoverInput): readonly Reason[] {
  return members
    .filter(({ name, evidence }) => evidence === undefined && !lost.includes(name))
    .map(({ name, silence = 'it does not answer' }) =>
      because(
        'AGENT_NOT_HEARD',
        `the agent beside ${name} was not heard (${silence}): only a person can say that it is gone for good (--lost ${name})`,
      ),
    );
}
