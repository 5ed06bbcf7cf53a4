import type { HistoryEntry, Slot } from './caretaking.ts';

/** Members that the agents themselves have added to the list, and removed from it, by id. */
export interface OwnMemberChanges {
  readonly added: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

/** What the journal says of the agents' own changes of the member list: in the slot, and as far back as the history goes. */
export function ownMemberChanges(
  history: readonly Pick<HistoryEntry, 'steps'>[],
  slot: Pick<Slot, 'steps'> | undefined,
): OwnMemberChanges {
  const steps = [...history, ...(slot === undefined ? [] : [slot])].flatMap((entry) => entry.steps);
  const idsOf = (wanted: string): ReadonlySet<string> =>
    new Set(steps.flatMap(({ name, memberId }) => (name === wanted && memberId !== undefined ? [memberId] : [])));
  return { added: idsOf('learner-listed'), removed: idsOf('remove-member') };
}
