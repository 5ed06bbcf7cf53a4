import type { ClusterState } from '../cluster/state.ts';
import type { DecideSettings } from './settings.ts';

/** A moment after a time is up, so that it is up for certain. */
const AFTER_MS = 50;

/**
 * In how many milliseconds a member that does not answer will have been silent for `heal.replaceAfter`, as far as this agent saw:
 * something else may be decided then without anything else having changed. Undefined where nothing is waited for. Pure.
 */
export function nextLookMs({ members }: ClusterState, { heal }: DecideSettings): number | undefined {
  const left = members
    .filter(({ isLearner, reachable }) => !isLearner && !reachable)
    .map(({ silence }) => heal.replaceAfterMs - (silence?.seconds ?? 0) * 1000)
    .filter((leftMs) => leftMs > 0);
  return left.length === 0 ? undefined : Math.min(...left) + AFTER_MS;
}
