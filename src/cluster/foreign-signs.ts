import { autoCompactionOf } from './auto-compaction.ts';
import { type ArmedRecord, type HistoryEntry, operationNames, type Slot } from './caretaking.ts';
import { signsOfMarks } from './foreign-marks.ts';
import { isOwnAddition, ownMemberChanges } from './own-member-changes.ts';
import { isOwnMix, seriesIn } from './own-version-change.ts';
import type { ForeignSign, MemberState } from './state.ts';
import { formatSpan } from './units.ts';

/** So long after the member list changed without us, whoever changed it may still be at it. */
const SETTLING_SECONDS = 30 * 60;

/** Whoever else is at work, a backup harms nobody. */
const CHANGING = operationNames.filter((name) => name !== 'snapshot' && name !== 'drill');

/**
 * One that has stopped half way is gone on with, or back, by the same operation. And the volume of a pod that is proved to be gone is no matter of
 * versions: nothing goes on before it is let go of.
 */
const BESIDE_UPGRADES = CHANGING.filter((name) => !['upgrade', 'rollout', 'release'].includes(name));

/** What signs are looked for in. */
export interface ForeignInput {
  readonly members: readonly Pick<MemberState, 'id' | 'name' | 'peerUrls' | 'isLearner' | 'version' | 'observed'>[];
  readonly membersStableSeconds: number;
  readonly armed?: ArmedRecord | undefined;
  /** What the agents themselves have done. */
  readonly history?: readonly HistoryEntry[];
  readonly slot?: Slot | undefined;
  /** Keys that were found in the ranges of `marksToLookFor`. */
  readonly marks: readonly string[];
  /** Storage prefixes of Kubernetes, as they were given to `marksToLookFor`. */
  readonly prefixes?: readonly string[];
  /** From `ForeignHands`. */
  readonly hands: readonly ForeignSign[];
}

/** Every sign that somebody else takes care of this cluster too, each with the policies that only plan while it is there. */
export function foreignSigns(input: ForeignInput): readonly ForeignSign[] {
  return [
    ...autoCompaction(input),
    ...signsOfMarks(input.marks, input.prefixes),
    ...memberChange(input),
    ...mixedVersions(input),
    ...input.hands,
  ];
}

function autoCompaction({ members }: ForeignInput): readonly ForeignSign[] {
  const compacting = members.flatMap(({ name, observed }) => {
    const setting = autoCompactionOf(observed?.settings);
    return setting === undefined ? [] : [`${name} (${setting})`];
  });
  if (compacting.length === 0) return [];
  const message = `etcd compacts by itself: auto-compaction is on at ${compacting.join(', ')}`;
  return [{ code: 'FOREIGN_AUTO_COMPACTION', message, policies: ['compaction'] }];
}

/** A list that differs from the one that was armed, by more than the agents' own operations, was changed by others. */
function memberChange({
  members,
  membersStableSeconds,
  armed,
  history = [],
  slot,
}: ForeignInput): readonly ForeignSign[] {
  if (armed === undefined || membersStableSeconds >= SETTLING_SECONDS) return [];
  const before = new Set(armed.members);
  const now = new Set(members.map(({ id }) => id));
  const own = ownMemberChanges(history, slot);
  const added = members
    .filter((member) => !before.has(member.id) && !isOwnAddition(own, member))
    .map(({ name }) => `${name} is new`);
  const removed = armed.members.filter((id) => !now.has(id) && !own.removed.has(id)).map((id) => `${id} is gone`);
  if (added.length + removed.length === 0) return [];
  const left = formatSpan(SETTLING_SECONDS - membersStableSeconds);
  const message = `somebody else changes the member list (${[...added, ...removed].join(', ')}); it has to be the same for another ${left}`;
  return [{ code: 'FOREIGN_MEMBER_CHANGE', message, policies: CHANGING }];
}

function mixedVersions({ members, history = [], slot }: ForeignInput): readonly ForeignSign[] {
  if (seriesIn(members).size < 2 || isOwnMix(members, history, slot)) return [];
  const running = members.filter((member) => seriesIn([member]).size > 0);
  const message = `members run different minor versions, so somebody is upgrading: ${running
    .map(({ name, version }) => `${name} ${version}`)
    .join(', ')}`;
  return [{ code: 'FOREIGN_UPGRADE', message, policies: BESIDE_UPGRADES }];
}
