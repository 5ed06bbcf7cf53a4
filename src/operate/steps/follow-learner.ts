import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import type { Parts } from './parts.ts';
import { steadyState } from './steady-state.ts';
import { MOST_LAG_ENTRIES } from './unsafe.ts';

/** So many looks in a row it has to be close. */
const SAMPLES = 2;

/** Between two looks, at most: as long as it has no vote the cluster is one member short. */
const LOOK_MS = 500;

/** While a snapshot is on its way nothing is to be seen of it: the slowest link that is given its time. */
const SLOWEST_BYTES_PER_MS = 10_000;

/** What has become of a learner, and the state that says so. */
export interface Followed {
  readonly end: 'ready' | 'voter' | 'stalled';
  readonly state: ClusterState;
}

/**
 * Follows a learner until it is close to the raft leader (`ready`) or has its vote already (`voter`); `stalled` where it
 * has not come on for `learnerStallMs`, or, with a large database, for as long as that may be on its way.
 * @throws OperationStopped `LEARNER_GONE` where somebody else has removed it
 */
export async function followLearner(learnerId: string, context: OperationContext, parts: Parts): Promise<Followed> {
  const { signal } = context;
  const { pollMs, learnerStallMs } = parts.timing;
  let best: MemberState | undefined;
  let sinceMs = performance.now();
  let close = 0;
  for (;;) {
    const state = await steadyState(context, parts);
    const learner = state.members.find(({ id }) => id === learnerId);
    if (learner === undefined) {
      throw new OperationStopped('LEARNER_GONE', `the learner ${learnerId} was removed by somebody else`);
    }
    if (!learner.isLearner) return { end: 'voter', state };
    const nowMs = performance.now();
    const lag = lagOf(learner);
    close = lag !== undefined && lag <= MOST_LAG_ENTRIES ? close + 1 : 0;
    if (close >= SAMPLES) return { end: 'ready', state };
    if (close > 0 || hasComeOn(learner, best)) {
      best = learner;
      sinceMs = nowMs;
    }
    const bytes = Math.max(0, ...state.members.map(({ dbSizeBytes = 0 }) => dbSizeBytes));
    if (nowMs - sinceMs > Math.max(learnerStallMs, bytes / SLOWEST_BYTES_PER_MS)) return { end: 'stalled', state };
    await sleep(Math.min(pollMs, LOOK_MS), undefined, { signal });
  }
}

function lagOf({ reachable, lagEntries }: MemberState): bigint | undefined {
  return reachable ? lagEntries : undefined;
}

/** Its revision rises with what it applies, and its lag falls where that changes no key. */
function hasComeOn({ reachable, revision = 0n, lagEntries }: MemberState, best: MemberState | undefined): boolean {
  if (!reachable || lagEntries === undefined) return false;
  return best === undefined || revision > (best.revision ?? 0n) || lagEntries < (best.lagEntries ?? lagEntries);
}
