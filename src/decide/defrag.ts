import type { Decision, Reason } from '../cluster/caretaking.ts';
import type { ClusterState } from '../cluster/state.ts';
import { formatBytes, formatPercent, formatSpan } from '../cluster/units.ts';
import {
  clusterTrouble,
  defragHazards,
  defragPrecautions,
  leaderLast,
  nospaceRaised,
  spaceTrouble,
  votersOf,
  voterTrouble,
} from './fitness.ts';
import { lastDefragOf, sinceMs } from './past.ts';
import { defragPause, type PauseForecast, pauseText } from './pause-forecast.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';
import { isWorthwhile, type Reclaimable, reclaimableOf } from './reclaimable.ts';
import type { DecideSettings } from './settings.ts';
import { windowsNow, windowsText } from './window.ts';

const policy = 'defrag';

/** Fewer voters than this have none to spare. */
const LEAST_VOTERS = 3;

interface Candidate extends Reclaimable {
  readonly pause: PauseForecast;
}

/**
 * Gives the free pages of databases back to the file system, all members that are worth it in one sweep: followers
 * first, the raft leader last. A member stands still meanwhile, so everybody else has to be well.
 */
export const defragPolicy: Policy = (state, settings, asked) => {
  const wanted = wantedOf(state, settings, asked);
  if ('code' in wanted) return hold(policy, [wanted]);
  const { ready, waiting } = sortOut(wanted, state, settings, asked);
  if (ready.length === 0 && isSome(waiting)) return hold(policy, waiting);
  const trouble = [
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...noSpare(state, settings),
    ...voterTrouble(state, settings.settleMs),
    ...defragHazards(state, false),
    ...ready.flatMap(({ member }) => spaceTrouble(member)),
  ];
  return isSome(trouble) ? hold(policy, trouble) : sweep(ready, waiting, state, asked);
};

/** The voters that a defragmentation is worth it for, or that somebody asked for; or why there are none. */
function wantedOf(
  state: ClusterState,
  settings: DecideSettings,
  asked: Asked | undefined,
): Reason | readonly Candidate[] {
  const voters = votersOf(state).filter(({ id }) => asked?.target === undefined || id === asked.target);
  const known = voters.flatMap((member): Candidate | [] => {
    const reclaimable = reclaimableOf(member);
    if (reclaimable === undefined) return [];
    return { ...reclaimable, pause: defragPause(state.history, member.id, reclaimable.inUseBytes) };
  });
  if (asked === undefined) {
    const worthwhile = known.filter((candidate) => isWorthwhile(candidate, settings));
    return worthwhile.length > 0 ? worthwhile : nothingToReclaim(known, settings);
  }
  if (asked.target !== undefined && voters.length === 0) {
    return because('TARGET_UNKNOWN', `no voter has the id ${asked.target}`);
  }
  const silent = voters.filter((member) => reclaimableOf(member) === undefined).map(({ name }) => name);
  return silent.length > 0 || known.length === 0
    ? because('SIZE_UNKNOWN', `how large the database is, is not known of ${silent.join(', ') || 'any voter'}`)
    : known;
}

function nothingToReclaim(known: readonly Candidate[], { defrag }: DecideSettings): Reason {
  const [most] = known.toSorted((a, b) => b.bytes - a.bytes);
  const said =
    most === undefined
      ? 'no voter says how large its database is'
      : `the most is ${reclaimText(most)} on ${most.member.name}`;
  const message = `${said}, and ${formatBytes(defrag.minReclaimableBytes)} and ${formatPercent(defrag.minReclaimableRatio)} are worth it`;
  return because('NOTHING_TO_RECLAIM', message);
}

/** Members whose turn it is, and why the others wait: they cool down, or their pause is for a window. */
function sortOut(
  wanted: readonly Candidate[],
  state: ClusterState,
  settings: DecideSettings,
  asked: Asked | undefined,
): { readonly ready: readonly Candidate[]; readonly waiting: readonly Reason[] } {
  if (asked !== undefined) return { ready: wanted, waiting: [] };
  const sorted = wanted.map((candidate) => ({
    candidate,
    reason: coolingDown(candidate, state, settings) ?? tooLong(candidate, state, settings),
  }));
  return {
    ready: sorted.flatMap(({ candidate, reason }) => (reason === undefined ? candidate : [])),
    waiting: sorted.flatMap(({ reason }) => reason ?? []),
  };
}

function coolingDown(
  { member }: Candidate,
  { history, nowMs }: ClusterState,
  { defrag: { coolDownMs } }: DecideSettings,
): Reason | undefined {
  const last = lastDefragOf(history, member.id);
  const agoMs = last === undefined ? Number.POSITIVE_INFINITY : sinceMs(nowMs, last.endedAtMs);
  if (agoMs >= coolDownMs) return undefined;
  const message = `${member.name} was defragmented ${formatSpan(agoMs / 1000)} ago, and ${formatSpan(coolDownMs / 1000)} lie between two`;
  return because('COOLING_DOWN', message);
}

function tooLong(
  { member, pause }: Candidate,
  { nowMs }: ClusterState,
  { defrag: { maxPauseMs }, windows }: DecideSettings,
): Reason | undefined {
  if (pause.ms <= maxPauseMs) return undefined;
  const said = `${member.name} would stand still for ${pauseText(pause)}, and ${formatSpan(maxPauseMs / 1000)} are allowed at any time`;
  const now = windowsNow(windows, nowMs);
  if (now === 'open') return undefined;
  return now === 'none'
    ? because('NO_WINDOW', `${said}; no maintenance window is configured`)
    : because('OUTSIDE_WINDOW', `${said}; it waits for the window ${windowsText(windows)}`);
}

function noSpare({ voters }: ClusterState, { defrag: { withoutSpare } }: DecideSettings): readonly Reason[] {
  if (voters >= LEAST_VOTERS || withoutSpare) return [];
  const message = `with ${voters} voter${voters === 1 ? '' : 's'} the cluster stands still while one is defragmented, and maintenance.defrag.withoutSpare does not consent to that`;
  return [because('NO_SPARE', message)];
}

function sweep(
  ready: readonly Candidate[],
  waiting: readonly Reason[],
  state: ClusterState,
  asked: Asked | undefined,
): Decision {
  const byId = new Map(ready.map((candidate) => [candidate.member.id, candidate]));
  const most = ready.toSorted((a, b) => b.bytes - a.bytes).map(({ member }) => member);
  const targets = leaderLast(most, state.leaderId).map(({ id }) => id);
  const reasons = targets.flatMap((id) => {
    const candidate = byId.get(id);
    return candidate === undefined ? [] : because('SPACE_RECLAIMABLE', candidateText(candidate));
  });
  const precautions = defragPrecautions(state);
  const parameters = {
    predictedPauseMs: Object.fromEntries(ready.map(({ member, pause }) => [member.id, Math.ceil(pause.ms)])),
    inUseBytes: Object.fromEntries(ready.map(({ member, inUseBytes }) => [member.id, inUseBytes])),
    dbSizeBytes: Object.fromEntries(ready.map(({ member, dbSizeBytes }) => [member.id, dbSizeBytes])),
    precautions,
  };
  const [first, ...others] = [...reasons, ...waiting];
  return first !== undefined
    ? act(policy, [first, ...others], { targets, parameters }, asked)
    : hold(policy, [because('NOTHING_TO_RECLAIM', 'there is no voter to defragment')]);
}

function candidateText(candidate: Candidate): string {
  const { member, pause } = candidate;
  return `${member.name} can give back ${reclaimText(candidate)}, and will stand still for about ${pauseText(pause)}`;
}

function reclaimText({ bytes, ratio }: Reclaimable): string {
  return `${formatBytes(bytes)} (${formatPercent(ratio)})`;
}
