import type { RecoveryStep } from '../../cluster/recovery.ts';

/** What an agent has to have done before a step; undefined where the step is not for it at all. */
export function neededBefore(step: RecoveryStep, isSeed: boolean): readonly [RecoveryStep | undefined, RecoveryStep] {
  const order: readonly RecoveryStep[] = isSeed ? ['stop', 'keep', 'seed', 'begin'] : ['stop', 'keep', 'stand-down'];
  const at = order.indexOf(step);
  return [order[at], order[Math.max(0, at - 1)] ?? step];
}
