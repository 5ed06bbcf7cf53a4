import type { HistoryEntry, Reason } from '../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { formatCount, formatSpan } from '../cluster/units.ts';
import { dueSince } from './due-since.ts';
import { clusterTrouble, MOST_LAG_ENTRIES, nospaceRaised, votersOf } from './fitness.ts';
import { endedOf, sinceMs } from './past.ts';
import { hashStall, pauseText } from './pause-forecast.ts';
import { type Asked, act, because, hold, isSome, type Policy, type Reasons } from './policy.ts';
import type { DecideSettings } from './settings.ts';

const policy = 'drill';

/** One that did not come to its end is made again so long after, and not only when the next one is due. */
const AGAIN_AFTER_MS = 3_600_000;

/** A machine without room, or without an identity, is so an hour later as well. */
const LASTING: ReadonlySet<string | undefined> = new Set(['DRILL_NO_ROOM', 'DRILL_HASHES_ONLY']);

/**
 * Has the newest chain of backups restored for real, on the machine of a follower: where a member stands still for its hash
 * nobody writes through the raft leader. With several stores each has its turn.
 */
export const drillPolicy: Policy = (state, settings, asked) => {
  const { stores } = settings.backups;
  if (stores === 0) return hold(policy, [because('NO_STORE', 'no backup.store is configured')]);
  const last = endedOf(state.history, policy)[0];
  const failed = last?.outcome === 'failed' ? [failure(last, state)] : [];
  const paging = isSome(failed);
  const early = asked === undefined ? notDue(state, settings, last) : [];
  if (isSome(early)) return hold(policy, withFirst(failed, early), paging);
  const trouble = [...clusterTrouble(state), ...nospaceRaised(state)];
  if (isSome(trouble)) return hold(policy, withFirst(failed, trouble), paging);
  const candidates = candidatesIn(state, asked);
  if ('reasons' in candidates) return hold(policy, withFirst(failed, candidates.reasons), paging);
  const { fit } = candidates;
  const [first] = fit;
  const store = last === undefined ? 0 : ((last.figures['store'] ?? -1) + 1) % stores;
  const stall = pauseText(hashStall(first.dbSizeBytes ?? 0));
  const message = `the newest chain is to be restored on the machine of ${first.name}, and compared with what ${first.name} has; writes through it stand still for ${stall} meanwhile`;
  const action = { targets: fit.map(({ id }) => id), parameters: { store } };
  return act(policy, [because('DRILL_DUE', message)], action, asked);
};

function withFirst(failed: readonly Reason[], reasons: Reasons): Reasons {
  const [first = reasons[0], ...rest] = [...failed, ...reasons];
  return [first, ...rest];
}

function failure({ summary, endedAtMs }: HistoryEntry, { nowMs }: ClusterState): Reason {
  const ago = formatSpan(sinceMs(nowMs, endedAtMs) / 1000);
  return because('DRILL_FAILED', `the last drill failed, ${ago} ago: ${summary}`);
}

function notDue(state: ClusterState, { backups }: DecideSettings, last: HistoryEntry | undefined): readonly Reason[] {
  const { nowMs, armed } = state;
  const again =
    last !== undefined &&
    last.outcome !== 'succeeded' &&
    !LASTING.has(last.code) &&
    sinceMs(nowMs, last.endedAtMs) >= AGAIN_AFTER_MS;
  const afterMs = last?.endedAtMs ?? armed?.atMs ?? nowMs;
  if (again || dueSince(backups.drillSchedule, afterMs, nowMs)) return [];
  const done =
    last === undefined
      ? 'none has been made yet'
      : `the last one ended ${formatSpan(sinceMs(nowMs, last.endedAtMs) / 1000)} ago`;
  return [because('NOT_DUE', `drills are made at "${backups.drillSchedule.text}", and ${done}`)];
}

type Candidates = { readonly fit: readonly [MemberState, ...MemberState[]] } | { readonly reasons: Reasons };

/** Members whose agents may do it, best first. The raft leader's only where there is nobody else, or where a person names it. */
function candidatesIn(state: ClusterState, asked: Asked | undefined): Candidates {
  const voters = votersOf(state);
  if (asked?.target !== undefined) {
    const named = voters.filter(({ id }) => id === asked.target);
    if (named.length === 0) return { reasons: [because('TARGET_UNKNOWN', `there is no voter ${asked.target}`)] };
    return fitOf(named);
  }
  const followers = voters.filter(({ id }) => id !== state.leaderId);
  return fitOf(followers.length > 0 ? followers : voters);
}

function fitOf(members: readonly MemberState[]): Candidates {
  const [first, ...rest] = members.filter((member) => unfit(member) === undefined);
  if (first !== undefined) return { fit: [first, ...rest] };
  const [reason = because('VOTER_UNREACHABLE', 'there is no member to compare with'), ...reasons] = members.flatMap(
    (member) => unfit(member) ?? [],
  );
  return { reasons: [reason, ...reasons] };
}

function unfit({ name, reachable, healthy, lagEntries, agent }: MemberState): Reason | undefined {
  if (!reachable) return because('VOTER_UNREACHABLE', `${name} does not answer`);
  if (!healthy) return because('VOTER_UNHEALTHY', `${name} answers and is not healthy`);
  if (agent === undefined) return because('AGENT_MISSING', `no agent runs beside ${name}`);
  if (lagEntries === undefined) return because('LAG_UNKNOWN', `${name} does not say how far behind it is`);
  return lagEntries > MOST_LAG_ENTRIES
    ? because('MEMBER_LAGS', `${name} answers but lags ${formatCount(lagEntries)} entries`)
    : undefined;
}
