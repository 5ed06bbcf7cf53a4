import type { Reason } from '../../cluster/caretaking.ts';
import type { RecoveryPlan } from '../../cluster/recovery.ts';
import { formatSpan } from '../../cluster/units.ts';
import { leftOutDisks } from './contradicted-disks.ts';
import { settingsThatDiffer, unattendedAfterMs } from './doubts.ts';
import { because } from './reasons.ts';
import type { ExpectedMember } from './recover-plan.ts';

type Agreed = Extract<RecoveryPlan, { readonly kind: 'seed-from-member' | 'seed-from-store' }>;

/**
 * What of a plan is done without a person, or why nothing is. Pure. An agent that is silent makes it a plan to hold: nobody is given up without a person, nor is an intact
 * disk on which the member lists contradict each other.
 * @param triedAgainInMs until when a recovery that failed is not tried again; 0 or less: none has
 */
export function withoutPerson(
  plan: RecoveryPlan,
  members: readonly ExpectedMember[],
  triedAgainInMs: number,
): { readonly agreed?: Agreed; readonly reasons: readonly Reason[] } {
  const isLeftToSomebody = unattendedAfterMs(members, 0) === undefined;
  const agreed = plan.kind === 'seed-from-member' || plan.kind === 'seed-from-store' ? plan : undefined;
  const reasons: readonly Reason[] = [
    ...(isLeftToSomebody ? settingsThatDiffer(members) : []),
    ...(agreed === undefined ? plan.reasons : leftOutDisks(plan)),
    ...(triedAgainInMs <= 0
      ? []
      : [
          because(
            'TRIED_BEFORE',
            `the last one has failed: it is tried again in ${formatSpan(Math.ceil(triedAgainInMs / 1000))}`,
          ),
        ]),
  ];
  return reasons.length === 0 && agreed !== undefined ? { agreed, reasons } : { reasons };
}
