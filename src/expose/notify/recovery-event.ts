import type { Reason } from '../../cluster/caretaking.ts';
import type { Fault } from '../../cluster/observation.ts';
import type { AgreedPlan } from '../../cluster/recovery.ts';
import type { NotifyEvent } from './event.ts';

/** A recovery of a lost quorum, or a restore of a cluster in place, has begun. */
export function recoveryStarted(plan: AgreedPlan, atMs: number): NotifyEvent {
  const { id, seed, bound, lost, toRevision } = plan;
  const { revisions, seconds, basis } = bound;
  const missing =
    seconds === undefined ? 'how much may be missing is not known' : `at most ${revisions} revisions may be missing`;
  return {
    name: 'recovery-started',
    atMs,
    severity: 'critical',
    summary:
      toRevision === undefined
        ? `The lost quorum is recovered, beginning with ${seed}: ${missing}`
        : `The whole cluster goes back to revision ${toRevision}, beginning with ${seed}`,
    description: [basis, ...(lost.length === 0 ? [] : [`Given up: ${lost.map(({ name }) => name).join(', ')}.`])].join(
      '\n',
    ),
    ...{ operation: 'recover', members: [seed], id },
  };
}

/** It has ended. @param fault with what it failed @param seconds how long it took */
export function recoveryEnded(
  { id, seed }: AgreedPlan,
  { atMs, seconds, fault }: { readonly atMs: number; readonly seconds: number; readonly fault: Fault | undefined },
): NotifyEvent {
  const how = fault === undefined ? 'succeeded' : 'failed';
  return {
    name: 'recovery-ended',
    atMs,
    severity: fault === undefined ? 'warning' : 'critical',
    summary: `The recovery beginning with ${seed} ${how} after ${seconds.toFixed(1)} s${fault === undefined ? ': the cluster is writable again' : `: ${fault.message}`}`,
    description: fault?.remedy ?? 'The other members join one after another. What was there before is in quarantine.',
    ...{ operation: 'recover', members: [seed], id, outcome: how },
    ...(fault === undefined ? {} : { code: fault.code }),
  };
}

/** The quorum is lost, and something is in the way of its recovery. @param reasons at least one */
export function recoveryHeld(reasons: readonly Reason[], atMs: number, repeated: boolean): NotifyEvent {
  const [first] = reasons;
  return {
    name: 'recovery-held',
    atMs,
    severity: 'critical',
    summary: `The quorum is lost, and it is not recovered: ${first?.message ?? 'nobody says why'}`,
    description: [...reasons.map(({ message }) => message), 'etcd-caretaker recover says more.'].join('\n'),
    operation: 'recover',
    ...(first === undefined ? {} : { code: first.code }),
    ...(repeated ? { repeated } : {}),
  };
}

/** What was in the way is not any more. */
export function recoveryHeldNoMore(reasons: readonly Reason[], atMs: number): NotifyEvent {
  const { repeated: _, summary, ...rest } = recoveryHeld(reasons, atMs, false);
  return { ...rest, name: 'recovery-held-no-more', severity: 'info', summary: `No longer: ${summary}` };
}
