import type { Decision, Reason } from '../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { formatSpan } from '../cluster/units.ts';
import { clusterTrouble, freshOf, leaderLast, nospaceRaised, votersOf, voterTrouble } from './fitness.ts';
import { endedOf, sinceMs } from './past.ts';
import { hashStall, type PauseForecast, pauseText } from './pause-forecast.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';
import type { DecideSettings } from './settings.ts';
import { windowsNow, windowsText } from './window.ts';

const policy = 'hash-check';

/** Fewer voters than this stand still with the one that computes its hash. */
const LEAST_VOTERS = 3;

/** Where a member's clock is ahead, what it says of its last end looks newer than the check that was made for it. */
const LEAST_BETWEEN_MS = 10 * 60_000;

/**
 * Compares the hashes of all voters' data, one voter at a time. Writes through a voter stand still meanwhile, so it is
 * done rarely, with every voter well, in a maintenance window where there are any, and not at all where it would be felt
 * for too long. It is made at once where a voter serves that has ended before since its data differ, and a person is paged where it may not be made.
 */
export const hashCheckPolicy: Policy = (state, settings, asked) => {
  const voters = votersOf(state);
  if (voters.length < 2) {
    return hold(policy, [because('NOTHING_TO_COMPARE', 'a single voter has nobody to compare its data with')]);
  }
  if (asked?.target !== undefined) {
    return hold(policy, [because('TARGET_UNKNOWN', 'a hash check is of all voters: it takes no member')]);
  }
  const differing = differingOf(voters, state);
  const early = asked === undefined && differing.length === 0 ? notDue(state, settings) : [];
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
  if (isSome(trouble)) {
    const isLasting = differing.length > 0 && trouble.every(({ code }) => code === 'NO_SPARE');
    return hold(policy, [trouble[0], ...trouble.slice(1), ...differing], isLasting);
  }
  const stalls = new Map(voters.map((member) => [member.id, hashStall(member.dbSizeBytes ?? 0)]));
  const felt = asked === undefined ? tooLong(voters, stalls, state, settings) : undefined;
  return felt === undefined
    ? check({ voters, stalls, differing }, state, asked)
    : hold(policy, [felt, ...differing], differing.length > 0);
};

interface ToCheck {
  readonly voters: readonly MemberState[];
  readonly stalls: ReadonlyMap<string, PauseForecast>;
  readonly differing: readonly Reason[];
}

/**
 * Voters that serve, though etcd ended at an earlier start since their data differ, and nothing has compared them since. It was started again to see
 * whether it says so always; but where no peer answers it, or they have compacted meanwhile, it compares with nobody and serves.
 */
function differingOf(voters: readonly MemberState[], { history, nowMs }: ClusterState): readonly Reason[] {
  const [last] = endedOf(history, policy);
  if (last !== undefined && sinceMs(nowMs, last.endedAtMs) < LEAST_BETWEEN_MS) return [];
  const compared = endedOf(history, policy).find(({ outcome }) => outcome === 'succeeded');
  return voters
    .filter((member) => {
      const { differedAtMs } = freshOf(member)?.own ?? {};
      return member.reachable && differedAtMs !== undefined && differedAtMs > (compared?.startedAtMs ?? 0);
    })
    .map(({ name }) => because('DATA_CORRUPT', `${name} ended at a start since its data differ, and serves again`));
}

function check({ voters, stalls, differing }: ToCheck, state: ClusterState, asked: Asked | undefined): Decision {
  const targets = leaderLast(voters, state.leaderId).map(({ id }) => id);
  const longest = longestOf(stalls);
  const message = `the hashes of ${voters.length} voters are to be compared; writes through each stand still for ${pauseText(longest)} at most`;
  const predictedPauseMs = Object.fromEntries([...stalls].map(([id, { ms }]) => [id, Math.ceil(ms)]));
  return act(
    policy,
    [because('HASH_CHECK_DUE', message), ...differing],
    { targets, parameters: { predictedPauseMs } },
    asked,
  );
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
