import type { OperationName, Reason } from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import { formatSpan } from '../cluster/units.ts';
import { endedOf, isWithinDay, sinceMs } from './past.ts';
import { because } from './policy.ts';
import type { DecideSettings } from './settings.ts';

/** What heals has its own limits: it must not wait for maintenance, and must not go round in circles either. */
const HEALING: ReadonlySet<OperationName> = new Set(['replace', 'release', 'join', 'leave', 'member-update']);

/** After the first, the second and each further one in a row that did not come to its end. */
const WAITS_MS: readonly number[] = [60_000, 5 * 60_000, 25 * 60_000];

/** So many in a day, and a person has to see why. */
const MOST_VAIN = 3;

/** A person has paused it, or there was nothing left to heal: no try that was in vain, though the next one waits as after the first. */
const NOT_VAIN: ReadonlySet<string> = new Set(['PAUSED', 'MEMBER_BACK', 'TARGET_GONE']);

/** Whether an operation heals: `heal.*` counts for it, and not `maintenance.*`. */
export function isHealing(policy: OperationName): boolean {
  return HEALING.has(policy);
}

/** Why healing waits, or has stopped for today: for what no person has asked for. */
export function healLimits(policy: OperationName, state: ClusterState, settings: DecideSettings): readonly Reason[] {
  return [...budget(policy, state, settings), ...vain(policy, state)];
}

function budget(policy: OperationName, { history, nowMs }: ClusterState, { heal }: DecideSettings): readonly Reason[] {
  if (policy !== 'replace') return [];
  const done = endedOf(history, policy).filter(
    ({ requestedBy, endedAtMs, outcome, steps }) =>
      requestedBy === undefined &&
      isWithinDay(nowMs, endedAtMs) &&
      (outcome === 'succeeded' || steps.some(({ name }) => name === 'remove-member')),
  ).length;
  if (done < heal.maxPerDay) return [];
  return [
    because('BUDGET_SPENT', `${done} members were replaced in 24 hours, and heal.maxPerDay allows ${heal.maxPerDay}`),
  ];
}

function vain(policy: OperationName, { history, nowMs, resumedRevision }: ClusterState): readonly Reason[] {
  const tries = endedOf(history, policy).filter(({ revision }) => revision > resumedRevision);
  const succeeded = tries.findIndex(({ outcome }) => outcome === 'succeeded');
  const sinceThen = succeeded === -1 ? tries : tries.slice(0, succeeded);
  const inVain = sinceThen.filter(({ code }) => code === undefined || !NOT_VAIN.has(code));
  const [last] = sinceThen;
  if (last === undefined) return [];
  const today = inVain.filter(({ endedAtMs }) => isWithinDay(nowMs, endedAtMs)).length;
  if (today >= MOST_VAIN) {
    const message = `${policy} did not come to its end ${today} times in 24 hours, the last time because: ${inVain[0]?.summary ?? ''} Once that is mended, "etcd-caretaker resume" lets it try again`;
    return [because('HEAL_GIVEN_UP', message)];
  }
  const waitMs = WAITS_MS[Math.min(Math.max(inVain.length, 1), WAITS_MS.length) - 1] ?? 0;
  const leftMs = waitMs - sinceMs(nowMs, last.endedAtMs);
  if (leftMs <= 0) return [];
  const message = `the last ${policy} ${last.outcome === 'failed' ? 'failed' : 'had to stop'} (${last.summary}); it is tried again in ${formatSpan(leftMs / 1000)}`;
  return [because('RETRY_LATER', message)];
}
