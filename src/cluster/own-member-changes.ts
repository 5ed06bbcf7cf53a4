import type { HistoryEntry, Slot } from './caretaking.ts';
import type { MemberState } from './state.ts';

/** Members that the agents themselves have added to the list, and removed from it, by id. */
export interface OwnMemberChanges {
  readonly added: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  /** Peer URLs, as one text, under which one was being added whose id was never written down: a pause came in between, say. */
  readonly announced: ReadonlySet<string>;
}

type Steps = Pick<HistoryEntry, 'steps'>;

const ADDING = 'add-learner';
const LISTED = 'learner-listed';

/** What the journal says of the agents' own changes of the member list: in the slot, and as far back as the history goes. */
export function ownMemberChanges(history: readonly Steps[], slot: Pick<Slot, 'steps'> | undefined): OwnMemberChanges {
  const entries: readonly Steps[] = [...history, ...(slot === undefined ? [] : [slot])];
  const steps = entries.flatMap((entry) => entry.steps);
  const idsOf = (wanted: string): ReadonlySet<string> =>
    new Set(steps.flatMap(({ name, memberId }) => (name === wanted && memberId !== undefined ? [memberId] : [])));
  return {
    added: idsOf(LISTED),
    removed: idsOf('remove-member'),
    announced: new Set(entries.flatMap((entry) => announcedIn(entry) ?? [])),
  };
}

/** Whether the agents have added a member: its id stands in the journal, or it was being added under its URL and has never been started. */
export function isOwnAddition(
  { added, announced }: OwnMemberChanges,
  { id, name, peerUrls, isLearner }: Pick<MemberState, 'id' | 'name' | 'peerUrls' | 'isLearner'>,
): boolean {
  if (added.has(id)) return true;
  // Etcd lists a member without a name until it has been started, and it goes by its id then.
  return isLearner && name === id && announced.has(textOf(peerUrls));
}

function announcedIn({ steps }: Steps): string | undefined {
  const last = steps.findLast(({ name }) => name === ADDING || name === LISTED);
  return last?.name === ADDING && last.detail !== undefined ? textOf(last.detail.split(', ')) : undefined;
}

/** Etcd puts them in order. */
function textOf(peerUrls: readonly string[]): string {
  return peerUrls.toSorted().join(', ');
}
