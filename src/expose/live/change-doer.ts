import type { HistoryEntry, Slot } from '../../cluster/caretaking.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import type { ClusterChange } from './words.ts';

/** An operation of the agents, under way or ended, as far as a change is told of it. */
export type Doing = Pick<Slot | HistoryEntry, 'operation' | 'requestedBy'>;

type ChangeKind = ClusterChange['kind'];

const restarting = ['restart', 'upgrade', 'rollout', 'member-update', 'replace'];
const restoring = ['recover', 'restore-cluster'];

/** What each operation brings about by itself; every other change only happens while it is under way. */
const broughtAboutBy: Readonly<Record<ChangeKind, readonly string[]>> = {
  'raft-leader': ['move-leader', 'defrag', 'nospace', 'leave', 'release', ...restarting],
  'member-added': ['replace', 'join', ...restoring],
  'member-removed': ['replace', 'leave', 'release', ...restoring],
  promoted: ['replace', 'join', 'rollout'],
  lost: ['leave', 'release', 'defrag', ...restarting],
  back: ['join', 'release', 'defrag', ...restarting, ...restoring],
  restarted: ['join', 'release', ...restarting, ...restoring],
  version: ['upgrade', 'rollout'],
  'agent-version': ['rollout'],
  'agent-leader': ['leave', 'release', ...restarting],
  alarm: [],
  'alarm-over': ['nospace', 'compaction', 'defrag', 'replace', ...restoring],
  'quorum-lost': [],
  'quorum-back': restoring,
  paused: [],
  resumed: [],
};

/** Those of a whole cluster, or of a member that has no id before: whom the operation names does not tell. */
const ofNobody: ReadonlySet<ChangeKind> = new Set([
  'member-added',
  'member-removed',
  'promoted',
  'alarm-over',
  'quorum-back',
]);

/**
 * The operation that has brought about a change between two times; undefined where nothing of the agents that does so was under way, or it was
 * about other members.
 * @param memberIds those that the change is about
 */
export function doingBehind(
  kind: ChangeKind,
  memberIds: readonly (string | undefined)[],
  before: ClusterFacts,
  after: ClusterFacts,
): Doing | undefined {
  const doings = [after.slot, before.slot, ...after.ended.map(({ entry }) => entry)].filter(
    (doing) => doing !== undefined,
  );
  return doings.find((doing) => {
    const { operation, targets, steps } = doing;
    if (!broughtAboutBy[kind].includes(operation)) return false;
    // A recovery is about all of them, and leadership is moved to whoever is best.
    if (ofNobody.has(kind) || restoring.includes(operation) || operation === 'move-leader') return true;
    const about = new Set([...targets, ...steps.map(({ memberId }) => memberId)]);
    return memberIds.some((id) => id !== undefined && about.has(id));
  });
}
