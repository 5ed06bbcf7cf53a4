import { expect, it } from 'vitest';
import type { RecoveryPlan } from '../../../src/cluster/recovery.ts';
import { because } from '../../../src/decide/recover/reasons.ts';
import { withoutPerson } from '../../../src/decide/recover/without-person.ts';

const plan: RecoveryPlan = {
  ...{ kind: 'seed-from-member', seed: 'm1', bound: { revisions: 0n, basis: '-' } },
  reasons: [because('NEWEST_LOG', 'm1 has the newest log')],
};

it('a plan to seed is carried out without a person', () => {
  expect(withoutPerson(plan, [], 0).agreed).toBe(plan);
});

it('one that leaves out an intact disk on which the lists contradict each other is not', () => {
  const reasons = [...plan.reasons, because('LISTS_DIFFER', 'the disk of m3 is left out')] as const;
  const found = withoutPerson({ ...plan, reasons: [plan.reasons[0], ...reasons.slice(1)] }, [], 0);
  expect(found.agreed).toBeUndefined();
  expect(found.reasons.map(({ code }) => code)).toEqual(['LISTS_DIFFER']);
});
