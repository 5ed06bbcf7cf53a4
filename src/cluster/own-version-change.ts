import type { HistoryEntry, Slot } from './caretaking.ts';
import { isOwnAddition, ownMemberChanges } from './own-member-changes.ts';
import type { MemberState } from './state.ts';
import { parseVersion, seriesOf } from './version.ts';

/** An operation of the agents that brings members to another version of etcd, and is on the way, or has ended there. */
export interface OwnVersionChange {
  /** Its name. */
  readonly operation: string;
  /** Its reasons, one sentence each. */
  readonly reasons: readonly string[];
  readonly to: string;
  /** Versions that ran when it began, where it says so. */
  readonly from: readonly string[];
  /** Members that it has taken away to bring them there, by id. */
  readonly taken: ReadonlySet<string>;
}

type Done = Pick<HistoryEntry, 'operation' | 'reasons' | 'targets' | 'steps'>;

const CHANGING: readonly string[] = ['upgrade', 'rollout'];
/** Steps after which a member may run the other version. */
const TAKING: readonly string[] = ['switch-version', 'roll-pod'];

/** Which versions a reason names: the history keeps sentences, and so this and `changeText` go together. */
const TO = /\b(?:run|which has etcd) (\d+\.\d+\.\d+)\b/;
const FROM = /\binstead of (\d+\.\d+\.\d+(?: and \d+\.\d+\.\d+)*)/;

/** `3.5.30 instead of 3.4.23 and 3.4.40`, to be put behind "run" or "which has etcd" in a reason of an upgrade or a rollout. */
export function changeText(to: string, running: readonly (string | undefined)[]): string {
  const from = [...new Set(running)].filter((version) => version !== undefined && version !== to).toSorted();
  return from.length === 0 ? to : `${to} instead of ${from.join(' and ')}`;
}

/**
 * Changes of version that the agents have begun and not brought to their end, newest first: the one in the slot, and those that have stopped or
 * failed since one last succeeded. A rollout that changes something else is none.
 * @param history newest first
 */
export function ownVersionChanges(
  history: readonly HistoryEntry[],
  slot: Slot | undefined,
): readonly OwnVersionChange[] {
  const ended = history.filter(
    ({ operation, outcome, targets }) => CHANGING.includes(operation) && outcome !== 'refused' && targets.length > 0,
  );
  const succeeded = ended.findIndex(({ outcome }) => outcome === 'succeeded');
  const begun: readonly Done[] = [
    ...(slot !== undefined && CHANGING.includes(slot.operation) ? [slot] : []),
    ...(succeeded === -1 ? ended : ended.slice(0, succeeded)),
  ];
  return begun.flatMap(changeOf);
}

function changeOf({ operation, reasons, steps }: Done): OwnVersionChange | readonly [] {
  const to = firstOf(reasons, TO);
  if (to === undefined) return [];
  const from = firstOf(reasons, FROM)?.split(' and ') ?? [];
  const taken = steps.flatMap(({ name, memberId }) =>
    TAKING.includes(name) && memberId !== undefined ? [memberId] : [],
  );
  return { operation, reasons, to, from, taken: new Set(taken) };
}

function firstOf(reasons: readonly string[], pattern: RegExp): string | undefined {
  return reasons.map((reason) => pattern.exec(reason)?.[1]).find((found) => found !== undefined);
}

/** Minor versions that the members run, as far as they say so: `3.4`, `3.5`. */
export function seriesIn(members: readonly Pick<MemberState, 'version'>[]): ReadonlySet<string> {
  return new Set(
    members.flatMap(({ version }) => {
      const parsed = version === undefined ? undefined : parseVersion(version);
      return parsed === undefined ? [] : [seriesOf(parsed)];
    }),
  );
}

/**
 * Whether it is the agents' own doing that members run different minor versions: without those that they have brought to another one, in a change
 * that did not come to its end, or have taken in at that version, all others run the same.
 */
export function isOwnMix(
  members: readonly Pick<MemberState, 'id' | 'name' | 'peerUrls' | 'isLearner' | 'version'>[],
  history: readonly HistoryEntry[],
  slot: Slot | undefined,
): boolean {
  const changes = ownVersionChanges(history, slot);
  const own = ownMemberChanges(history, slot);
  const others = members.filter(
    (member) =>
      !changes.some(({ to, taken }) => to === member.version && (taken.has(member.id) || isOwnAddition(own, member))),
  );
  return others.length < members.length && seriesIn(others).size < 2;
}
