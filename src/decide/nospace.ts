import type { Decision, HistoryEntry, Reason } from '../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { formatBytes, formatCount } from '../cluster/units.ts';
import { clusterTrouble, defragHazards, leaderLast, spaceTrouble, votersOf, voterTrouble } from './fitness.ts';
import {
  type Compactable,
  compactableOf,
  type FullOf,
  fullnessJson,
  fullnessOf,
  fullnessText,
  fullOf,
  hasHistory,
  type MemberFullness,
} from './fullness.ts';
import { endedOf, isWithinDay } from './past.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';
import { passes } from './reason-codes.ts';
import type { DecideSettings } from './settings.ts';

const policy = 'nospace';

/** The alarm coming back for the second time within a day means that the cause is still there. */
const MOST_RECOVERIES_PER_DAY = 2;

/** A cluster that refuses writes does not wait longer for calm; between its steps the operation itself does. */
const MOST_SETTLE_MS = 5000;

/** With what code the operation stops where everything was compacted and members are still too full. */
const LIVE_DATA_CODE = 'NOSPACE_LIVE_DATA';

/** …and with which it says that what fills the store is not old enough to go. */
const YOUNG_HISTORY_CODE = 'NOSPACE_YOUNG_HISTORY';

/** Where a quorum answers, and yet nobody says its alarms, that stays so until a person gives the agents the right to ask. */
function alarmsUnknown({ members }: ClusterState): Reason {
  const refused = members.flatMap(({ fault }) => fault ?? []);
  const why = refused[0] === undefined ? '' : `: ${refused[0]}`;
  return because('ALARMS_UNKNOWN', `no member could be asked for its alarms${why}`);
}

/** While CORRUPT is raised the data of all voters are compared, or of none. */
function uncompared(state: ClusterState): readonly Reason[] {
  return votersOf(state)
    .filter(({ reachable }) => !reachable)
    .map(({ name }) =>
      because('VOTER_UNREACHABLE', `${name} does not answer: until it does, nobody can say whose data are right`),
    );
}

/**
 * Gets the cluster out of NOSPACE: old revisions go, databases are defragmented, and exactly the raised alarms are taken
 * back. It does not wait for windows, cool-downs or budgets, and it needs no voter to spare: the cluster refuses writes
 * anyway. Where live data fills the store, only a person can help.
 */
export const nospacePolicy: Policy = (state, settings, asked) => {
  const corrupt = clusterTrouble(state).filter(({ code }) => code === 'CORRUPT_ALARM');
  if (isSome(corrupt)) return hold(policy, [corrupt[0], ...corrupt.slice(1), ...uncompared(state)], true);
  const alarmed = state.alarms.filter(({ alarm }) => alarm === 'NOSPACE').map(({ memberId }) => memberId);
  if (alarmed.length === 0) {
    return state.alarmsUnknown
      ? hold(policy, [alarmsUnknown(state)], state.linearizable)
      : hold(policy, [because('NO_ALARM', 'NOSPACE is not raised')]);
  }
  const trouble = [
    ...clusterTrouble(state),
    ...voterTrouble(state, Math.min(settings.settleMs, MOST_SETTLE_MS)),
    ...defragHazards(state, true),
    ...votersOf(state).flatMap(spaceTrouble),
  ];
  if (isSome(trouble)) return hold(policy, trouble, !trouble.every(({ code }) => passes(code)));
  const measured = votersOf(state).map((member) => fullnessOf(member, settings));
  const unknown = measured.flatMap((one) => ('code' in one ? one : []));
  if (isSome(unknown)) return hold(policy, unknown, true);
  const voters = measured.flatMap((one) => ('code' in one ? [] : one));
  const compactable = compactableOf(state, settings);
  const hopeless = comesBack(state) ?? liveData(state, voters, compactable);
  if (hopeless !== undefined && (asked === undefined || hopeless.code !== 'ALARM_COMES_BACK')) {
    return hold(policy, [hopeless, ...voters.map(filled)], hopeless.code !== 'NOT_ENOUGH_HISTORY');
  }
  return recover({ state, alarmed, voters, compactable, settings }, asked);
};

interface Recovery {
  readonly state: ClusterState;
  readonly alarmed: readonly string[];
  readonly voters: readonly MemberFullness[];
  readonly compactable: Compactable;
  readonly settings: DecideSettings;
}

function recover({ state, alarmed, voters, compactable, settings }: Recovery, asked: Asked | undefined): Decision {
  const what = fullOf(voters, compactable);
  const raised = state.alarms.filter(({ alarm }) => alarm === 'NOSPACE').map(({ member }) => member);
  const revision = hasHistory(compactable) ? compactable.revision : undefined;
  const concerned = voters.filter(
    ({ member, dbSizeBytes, limitBytes }) => dbSizeBytes >= limitBytes || alarmed.includes(member.id),
  );
  const targets = leaderLast(
    concerned.map(({ member }): MemberState => member),
    state.leaderId,
  ).map(({ id }) => id);
  const parameters = {
    fullOf: what,
    compactRevision: revision === undefined ? null : String(revision),
    compactedRevision: String(compactable.compacted),
    disarmBelowRatio: settings.nospace.disarmBelowRatio,
    alarmed: [...alarmed],
    members: Object.fromEntries(voters.map((one) => [one.member.id, fullnessJson(one)])),
  };
  const first = because('ALARM_RAISED', `NOSPACE is raised for ${raised.join(', ')}: ${causes[what]}`);
  return act(policy, [first, ...concerned.map(filled)], { targets, parameters }, asked);
}

const causes: Readonly<Record<FullOf, string>> = {
  fragmentation: 'free pages fill the store, which a defragmentation gives back',
  history: 'old revisions may fill the store, and some of them can go',
  live: 'live data fills the store',
};

function filled(fullness: MemberFullness): Reason {
  return because('ALARM_RAISED', fullnessText(fullness));
}

/** So many recoveries that did not last are enough for a day. */
function comesBack({ history, nowMs, resumedRevision, largestPrefixes }: ClusterState): Reason | undefined {
  const recoveries = endedOf(history, policy).filter(
    ({ outcome, endedAtMs, revision }) =>
      outcome === 'succeeded' && isWithinDay(nowMs, endedAtMs) && revision > resumedRevision,
  );
  if (recoveries.length < MOST_RECOVERIES_PER_DAY) return undefined;
  const message = `NOSPACE has come back ${recoveries.length} times within a day; find out what fills the store${prefixesText(largestPrefixes)} and make room; the agents try again a day after the last but one recovery`;
  return because('ALARM_COMES_BACK', message);
}

/** Nothing that can go is left, so far as is known. */
function liveData(
  state: ClusterState,
  voters: readonly MemberFullness[],
  compactable: Compactable,
): Reason | undefined {
  if (fullOf(voters, compactable) === 'fragmentation') return undefined;
  if (hasHistory(compactable)) {
    const last = newest(state.history);
    const gaveUp =
      (last?.code === LIVE_DATA_CODE || last?.code === YOUNG_HISTORY_CODE) &&
      isWithinDay(state.nowMs, last.endedAtMs) &&
      last.revision > state.resumedRevision;
    if (!gaveUp || hasChanged(last, voters, compactable, state)) return undefined;
    return last.code === LIVE_DATA_CODE ? live(state) : because('NOT_ENOUGH_HISTORY', last.summary);
  }
  if (compactable.revision !== undefined) return live(state);
  const message =
    'all that could go is history, and the leading agent has not watched for long enough to know which revisions are old';
  return because('NOT_ENOUGH_HISTORY', message);
}

function newest(history: readonly HistoryEntry[]): HistoryEntry | undefined {
  return endedOf(history, policy)[0];
}

/** The agents' own spare keys go at each try, and make revisions that are nothing to compact for. */
const OWN_REVISIONS = 8;

/** The keyspace must have become so much smaller to be worth a try. */
const SHRUNK_RATIO = 0.95;

/**
 * Whether anything is better than when the operation gave up: what is in use has fallen on a member, keys have been
 * deleted, or more revisions than the try itself made are old enough to be compacted by now.
 */
function hasChanged(
  last: HistoryEntry,
  voters: readonly MemberFullness[],
  { revision }: Compactable,
  { largestPrefixes }: ClusterState,
): boolean {
  const { compactRevision: compacted, keyspaceBytes } = last.figures;
  const bytes = largestPrefixes.reduce((sum, prefix) => sum + prefix.bytes, 0);
  return (
    voters.some(({ member, inUseBytes }) => inUseBytes < (last.figures[`inUseBytes.${member.id}`] ?? 0)) ||
    (keyspaceBytes !== undefined && largestPrefixes.length > 0 && bytes < SHRUNK_RATIO * keyspaceBytes) ||
    (compacted !== undefined &&
      revision !== undefined &&
      Number(revision) - compacted > last.steps.length + OWN_REVISIONS)
  );
}

function live({ largestPrefixes }: ClusterState): Reason {
  const message = `live data fills the store${prefixesText(largestPrefixes)}: delete some of it, or raise --quota-backend-bytes; the agents never delete keys of others`;
  return because('LIVE_DATA', message);
}

function prefixesText(prefixes: ClusterState['largestPrefixes']): string {
  if (prefixes.length === 0) return '';
  const named = prefixes.slice(0, 3).map(({ prefix, bytes }) => `${prefix} ${formatBytes(bytes)}`);
  return ` (the largest of ${formatCount(prefixes.length)} prefixes: ${named.join(', ')})`;
}
