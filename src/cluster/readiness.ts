import type { AgentRecord } from './caretaking.ts';
import type { ClusterSection } from './sections.ts';

/**
 * Whether every voter has a registered agent and health, and no learner is still on its way: what has to hold without a
 * break before the agents act for the first time. `HeldCondition` measures for how long it does.
 */
export function isReady(cluster: ClusterSection, agents: readonly AgentRecord[]): boolean {
  const registered = new Set(agents.map(({ memberId }) => memberId));
  return (
    cluster.linearizable &&
    cluster.voters > 0 &&
    cluster.members.every(
      ({ id, isLearner, reachable, healthy }) => !isLearner && reachable && healthy && registered.has(id),
    )
  );
}
