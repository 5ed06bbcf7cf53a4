import {
  BY_STATEFULSET,
  type Decision,
  type OperationName,
  operationNames,
  type Reason,
  type UnreadableKey,
} from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import { formatSpan } from '../cluster/units.ts';
import { agentTrouble } from './agents.ts';
import { healLimits, isHealing } from './heal-limits.ts';
import { budgetedToday, endedOf, failuresInRow, onlyMadeSafe, sinceMs } from './past.ts';
import { type Asked, because, hold, isSome } from './policy.ts';
import { passes } from './reason-codes.ts';
import type { DecideSettings } from './settings.ts';
import { unknownSlot } from './unknown-slot.ts';

/** An operation that did not come to its end is not tried again at once, though it neither failed nor has a cool-down. */
const RETRY_AFTER_MS = 10 * 60_000;
/** A cluster that refuses writes has less time; whether anything has changed is for its policy to say. */
const NOSPACE_RETRY_AFTER_MS = 10_000;
/** What only makes safe again cannot wait for long, but a wrong permission must not fill the history with tries. */
const SAFE_RETRY_AFTER_MS = 10_000;
const SAFE_MOST_RETRY_AFTER_MS = 60 * 60_000;
/** Each try in vain uses up a spare epoch, of which there are eight: the wait is twice as long each time, up to this. */
const MOST_RETRY_AFTER_MS = 10 * 60_000;

/** What changes the cluster is what a day may have so much of. */
const BUDGETED: readonly string[] = operationNames.filter(
  (name) => !['nospace', 'snapshot', 'drill'].includes(name) && !isHealing(name),
);

/** Signs that make an operation dangerous, whoever asks for it: members may come, go or restart at any moment. */
const dangerousSigns: ReadonlySet<string> = new Set(['FOREIGN_MEMBER_CHANGE', 'FOREIGN_UPGRADE']);

/** Nobody but a person gets on from these. */
const PAGED: ReadonlySet<string> = new Set(['KEY_UNREADABLE', 'BREAKER_OPEN', 'HEAL_GIVEN_UP']);

/**
 * Whether the agents may act on what a policy wants. `hold` and `plan` of the policy itself stay as they are. What
 * keeps them from it now makes it `hold`; where people have not given the right to act, or somebody else is at work, it
 * becomes `plan`. NOSPACE that nobody deals with is for a person to look at, and so is what makes safe again and may not.
 */
export function gate(decision: Decision, state: ClusterState, settings: DecideSettings, asked?: Asked): Decision {
  const makesSafe = decision.makesSafe === true;
  if (asked === undefined && !makesSafe && settings.policies[decision.policy] === 'off') {
    return hold(decision.policy, [because('POLICY_OFF', `${modeKey(decision.policy)} is off`)]);
  }
  if (decision.decision !== 'act') return decision;
  const armed = state.armed !== undefined;
  const agents = agentTrouble(decision, state);
  const blocking = [
    ...unreadable(state),
    ...paused(decision, state),
    // Under NOSPACE the slot cannot be written any more: the recovery takes it away with its claim.
    ...(decision.policy === 'nospace' && unknownSlot(state) === undefined ? [] : slotBusy(state)),
    // Before arming, agents are expected to be missing still.
    ...(armed ? agents : []),
    ...(makesSafe ? [] : breakerOpen(decision, state, settings)),
    ...(asked === undefined ? limits(decision, state, settings) : []),
  ];
  const isUrgent = decision.policy === 'nospace' || makesSafe;
  if (isSome(blocking)) {
    const { action: _action, ...rest } = decision;
    const page =
      blocking.some(({ code }) => PAGED.has(code)) ||
      (isUrgent && blocking.some(({ code }) => !passes(code) && (makesSafe || code !== 'RETRY_LATER')));
    const [first, ...others] = blocking;
    return { ...rest, ...hold(decision.policy, [first, ...others, ...decision.reasons], page) };
  }
  const withheld = [
    ...consent(decision, settings, asked),
    // A pod that its StatefulSet does not want any more ends anyway: a member that leaves before costs less.
    ...(asked?.by === BY_STATEFULSET ? [] : notArmed(state, settings, agents)),
    ...foreign(decision, state, asked),
  ];
  if (!isSome(withheld)) return decision;
  return {
    ...decision,
    decision: 'plan',
    reasons: [withheld[0], ...withheld.slice(1), ...decision.reasons],
    ...(isUrgent ? { page: true } : {}),
  };
}

/** Where a policy's mode stands in the configuration: `maintenance.moveLeader.mode`. */
function modeKey(policy: OperationName): string {
  if (isHealing(policy)) return 'heal.mode';
  if (policy === 'drill') return 'backup.drill.mode';
  if (policy === 'upgrade' || policy === 'rollout') return 'maintenance.restart.mode';
  if (policy === 'snapshot') return 'backup.full.mode';
  return `maintenance.${policy.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}.mode`;
}

function unreadable({ unreadable: keys }: ClusterState): readonly Reason[] {
  return keys.map(unreadableReason);
}

/** Why a key of ours keeps the agents from acting. */
export function unreadableReason({ key, kind, message }: UnreadableKey): Reason {
  return because(
    'KEY_UNREADABLE',
    kind === 'newer'
      ? `${key} was written by a newer version of the agent: ${message}`
      : `${key} cannot be read: ${message}`,
  );
}

function paused({ action }: Decision, { pause, members, candidates, leader, nowMs }: ClusterState): readonly Reason[] {
  const all = [
    ...members,
    ...candidates.map(({ agent, observed }) => ({ id: agent.memberId, name: agent.member, observed })),
  ];
  const local = all.filter(
    ({ id, observed }) =>
      observed?.localPause !== undefined && (id === leader?.memberId || action?.targets.includes(id) === true),
  );
  return [
    ...(pause === undefined
      ? []
      : [
          because(
            'PAUSED',
            `${pause.by} has paused everything for another ${formatSpan(Math.max(0, pause.untilMs - nowMs) / 1000)}: ${pause.reason}`,
          ),
        ]),
    ...local.map(({ name, observed }) =>
      because('PAUSED_LOCALLY', `the agent of ${name} is paused by its file: ${observed?.localPause}`),
    ),
  ];
}

function slotBusy({ slot, nowMs }: ClusterState): readonly Reason[] {
  if (slot === undefined) return [];
  const since = formatSpan(sinceMs(nowMs, slot.startedAtMs) / 1000);
  return [because('SLOT_BUSY', `${slot.operation} has been under way for ${since}, at step ${slot.phase}`)];
}

function breakerOpen({ policy }: Decision, state: ClusterState, settings: DecideSettings): readonly Reason[] {
  const failures = failuresInRow(state, policy);
  if (failures < settings.breakerFailures) return [];
  const last = endedOf(state.history, policy).find((entry) => !onlyMadeSafe(entry))?.summary ?? '';
  const message = `${policy} has failed ${failures} times in a row, the last time because: ${last}. Once that is mended, "etcd-caretaker resume" lets it try again`;
  return [because('BREAKER_OPEN', message)];
}

/** What only those of people pass. */
function limits(decision: Decision, state: ClusterState, settings: DecideSettings): readonly Reason[] {
  if (isHealing(decision.policy)) return healLimits(decision.policy, state, settings);
  if (decision.makesSafe === true) return retryLater(decision, state);
  return [...retryLater(decision, state), ...budgetSpent(decision, state, settings)];
}

function retryLater(decision: Decision, { history, nowMs, resumedRevision }: ClusterState): readonly Reason[] {
  const { policy, makesSafe = false } = decision;
  const ended = endedOf(history, policy).filter((entry) => onlyMadeSafe(entry) === makesSafe);
  const [last] = ended;
  if (last === undefined || last.outcome === 'succeeded' || last.revision <= resumedRevision) return [];
  const vain = ended.findIndex(({ outcome, revision }) => outcome === 'succeeded' || revision <= resumedRevision);
  const leftMs = retryAfterMs(decision, vain === -1 ? ended.length : vain) - sinceMs(nowMs, last.endedAtMs);
  if (leftMs <= 0) return [];
  const message = `the last ${policy} ${last.outcome === 'failed' ? 'failed' : 'had to stop'} (${last.summary}); it is tried again in ${formatSpan(leftMs / 1000)}`;
  return [because('RETRY_LATER', message)];
}

/** @param tries in vain, since the last success or `resume` */
function retryAfterMs({ policy, makesSafe }: Decision, tries: number): number {
  if (makesSafe === true) return Math.min(SAFE_RETRY_AFTER_MS * 2 ** (tries - 1), SAFE_MOST_RETRY_AFTER_MS);
  if (policy === 'nospace') return Math.min(NOSPACE_RETRY_AFTER_MS * 2 ** (tries - 1), MOST_RETRY_AFTER_MS);
  return RETRY_AFTER_MS;
}

function budgetSpent({ policy }: Decision, state: ClusterState, settings: DecideSettings): readonly Reason[] {
  if (!BUDGETED.includes(policy)) return [];
  const done = budgetedToday(state, BUDGETED);
  if (done < settings.operationsPerDay) return [];
  const message = `${done} operations were done in 24 hours, and maintenance.operationsPerDay allows ${settings.operationsPerDay}`;
  return [because('BUDGET_SPENT', message)];
}

function consent(
  { policy, makesSafe }: Decision,
  settings: DecideSettings,
  asked: Asked | undefined,
): readonly Reason[] {
  return [
    ...(settings.mode === 'plan' ? [because('MODE_PLAN', 'mode is plan: it would be done now')] : []),
    ...(asked === undefined && makesSafe !== true && settings.policies[policy] === 'plan'
      ? [because('POLICY_PLAN', `${modeKey(policy)} is plan: it would be done now`)]
      : []),
  ];
}

function notArmed(
  { armed, readySeconds }: ClusterState,
  { armAfterMs }: DecideSettings,
  agents: readonly Reason[],
): readonly Reason[] {
  if (armed !== undefined) return [];
  const left = formatSpan(Math.ceil(Math.max(0, armAfterMs / 1000 - readySeconds)));
  const seen = formatSpan(Math.floor(readySeconds));
  const message = `not armed: every voter has had an agent and health for ${seen} of ${formatSpan(armAfterMs / 1000)}, so ${left} are left`;
  return [because('NOT_ARMED', message), ...agents];
}

function foreign(
  { policy, makesSafe }: Decision,
  { foreign: signs }: ClusterState,
  asked: Asked | undefined,
): readonly Reason[] {
  // Whoever is at work is safer with it.
  if (makesSafe === true) return [];
  return signs
    .filter(({ policies, code }) => policies.includes(policy) && (asked === undefined || dangerousSigns.has(code)))
    .map(({ code, message }) => ({ code, message }));
}
