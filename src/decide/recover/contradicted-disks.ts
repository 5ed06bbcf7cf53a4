import type { Reason } from '../../cluster/caretaking.ts';
import { isVoterIn } from '../../cluster/last-list.ts';
import type { LastList, RecoveryEvidence, RecoveryPlan } from '../../cluster/recovery.ts';
import { because } from './reasons.ts';

const CODE = 'LISTS_DIFFER';

/**
 * Intact disks that the newest member list does not count, and another list of the same cluster does: the member was replaced, or the newest list is
 * not the last one that there was, and then what that disk alone has would be lost. Pure.
 * @param newest the list that the plan goes by
 */
export function contradictedDisks(heard: readonly RecoveryEvidence[], newest: LastList | undefined): readonly Reason[] {
  if (newest === undefined) return [];
  return heard.flatMap(({ member, own: { dataDir } }) => {
    if (dataDir.state !== 'intact' || dataDir.clusterId !== newest.clusterId) return [];
    const { memberId, lastTerm, lastIndex } = dataDir;
    const tellers = heard.filter(({ list }) => list?.clusterId === newest.clusterId && isVoterIn(list, memberId));
    if (isVoterIn(newest, memberId) || tellers.length === 0) return [];
    const who = tellers.map((teller) => teller.member).join(', ');
    return because(
      CODE,
      `the disk of ${member} is intact (term ${lastTerm}, index ${lastIndex}) and is left out: the newest member list does not have it, and the list that the agent beside ${who} remembers does`,
    );
  });
}

/** What a plan leaves out and what may count: a person has to see it before it is carried out. */
export function leftOutDisks({ reasons }: Pick<RecoveryPlan, 'reasons'>): readonly Reason[] {
  return reasons.filter(({ code }) => code === CODE);
}
