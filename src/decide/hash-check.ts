import type { Decision, Reason } from '../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { formatSpan } from '../cluster/units.ts';
import { clusterTrouble, leaderLast, nospaceRaised, votersOf, voterTrouble } from './fitness.ts';
import { endedOf, sinceMs } from './past.ts';
import { hashStall, type PauseForecast, pauseText } from './pause-forecast.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';
import type { DecideSettings } from './settings.ts';
import { windowsNow, windowsText } from './window.ts';

const policy = 'hash-check';

/** Fewer voters than this stand still with the one that computes its hash. */
const LEAST_VOTERS = 3;

/**
 * Compares the hashes of all voters' data, one voter at a time. Writes through a voter stand still meanwhile, so it is
 * done rarely, with every voter well, in a maintenance window where there are any, and not at all where it would be felt
 * for too long.
 */
export const hashCheckPolicy: Policy = (state, settings, asked) => {
  const voters = votersOf(state);
  if (voters.length < 2) {
    return hold(policy, [because('NOTHING_TO_COMPARE', 'a single voter has nobody to compare its data with')]);
  }
  if (asked?.target !== undefined) {
    return hold(policy, [because('TARGET_UNKNOWN', 'a hash check is of all voters: it takes no member')]);
  }
  const early = asked === undefined ? notDue(state, settings) : [];
  if (isSome(early)) return hold(policy, early);
  const trouble = [
    ...clusterTrouble(state),
    ...nospaceRaised(state),
    ...(asked === undefined ? noSpare(voters) : []),
    ...voterTrouble(state, settings.settleMs),
    ...voters
      .filter(({ dbSizeBytes }) => dbSizeBytes === undefined)
      .map(({ name }) => because('SIZE_UNKNOWN', `${name} does not say how large its database is`)),
  ];
  if (isSome(trouble)) return hold(policy, trouble);
  const stalls = new Map(voters.map((member) => [member.id, hashStall(member.dbSizeBytes ?? 0)]));
  const felt = asked === undefined ? tooLong(voters, stalls, state, settings) : undefined;
  return felt === undefined ? check(voters, stalls, state, asked) : hold(policy, [felt]);
};

function check(
  voters: readonly MemberState[],
  stalls: ReadonlyMap<string, PauseForecast>,
  state: ClusterState,
  asked: Asked | undefined,
): Decision {
  const targets = leaderLast(voters, state.leaderId).map(({ id }) => id);
  const longest = longestOf(stalls);
  const message = `the hashes of ${voters.length} voters are to be compared; writes through each stand still for ${pauseText(longest)} at most`;
  const predictedPauseMs = Object.fromEntries([...stalls].map(([id, { ms }]) => [id, Math.ceil(ms)]));
  return act(policy, [because('HASH_CHECK_DUE', message)], { targets, parameters: { predictedPauseMs } }, asked);
}

function longestOf(stalls: ReadonlyMap<string, PauseForecast>): PauseForecast {
  const [longest = { ms: 0, from: 'an empty database' }] = [...stalls.values()].toSorted((a, b) => b.ms - a.ms);
  return longest;
}

function notDue({ history, nowMs }: ClusterState, { hashCheck: { everyMs } }: DecideSettings): readonly Reason[] {
  const last = endedOf(history, policy)[0];
  const agoMs = last === undefined ? Number.POSITIVE_INFINITY : sinceMs(nowMs, last.endedAtMs);
  if (agoMs >= everyMs) return [];
  const message = `the last hash check ended ${formatSpan(agoMs / 1000)} ago, and it is made every ${formatSpan(everyMs / 1000)}`;
  return [because('COOLING_DOWN', message)];
}

function noSpare(voters: readonly MemberState[]): readonly Reason[] {
  return voters.length >= LEAST_VOTERS
    ? []
    : [because('NO_SPARE', `with ${voters.length} voters all writes stand still while one computes its hash`)];
}

/** With windows configured it is done in one; without, only where it is hardly felt. */
function tooLong(
  voters: readonly MemberState[],
  stalls: ReadonlyMap<string, PauseForecast>,
  { nowMs }: ClusterState,
  { hashCheck: { maxStallMs }, windows }: DecideSettings,
): Reason | undefined {
  const now = windowsNow(windows, nowMs);
  if (now === 'open') return undefined;
  if (now === 'shut') return because('OUTSIDE_WINDOW', `it waits for the window ${windowsText(windows)}`);
  const over = voters.filter(({ id }) => (stalls.get(id)?.ms ?? 0) > maxStallMs).map(({ name }) => name);
  if (over.length === 0) return undefined;
  const message = `writes through ${over.join(', ')} would stand still for up to ${pauseText(longestOf(stalls))}, more than ${formatSpan(maxStallMs / 1000)}; no maintenance window is configured`;
  return because('NO_WINDOW', message);
}
