import type { UnreadableKey } from '../cluster/caretaking.ts';
import type { JournalEntry } from './entries.ts';
import type { Sighted } from './sightings.ts';
import type { JournaledRequest, JournaledSlot, JournalSnapshot, SpareEpoch } from './snapshot.ts';

/** What only the mirror knows of a snapshot. */
export type MirrorState = Pick<JournalSnapshot, 'revision' | 'connected' | 'fault'> & Sighted;

type Kind = JournalEntry['kind'];
type Of<K extends Kind> = Extract<JournalEntry, { kind: K }>;
type RecordOf<K extends Kind> = Extract<Of<K>['parsed'], { kind: 'record' }>['record'];
type Readable<K extends Kind> = Of<K> & { readonly parsed: { readonly kind: 'record'; readonly record: RecordOf<K> } };

/** All keys of the journal, as one thing. */
export function assembleSnapshot(
  all: readonly JournalEntry[],
  { tokenGoneRevision, ...state }: MirrorState,
): JournalSnapshot {
  const leader = only(all, 'leader');
  const epoch = only(all, 'epoch');
  const readableEpoch = readable(all, 'epoch')[0]?.parsed.record;
  const slot = slotOf(all);
  const history = readable(all, 'history')
    .map(({ parsed }) => parsed.record)
    .sort((a, b) => Number(b.revision - a.revision));
  const done = new Set([...history.map(({ id }) => id), ...(slot === undefined ? [] : [slot.slot.id])]);
  const requests = readable(all, 'request').map(
    ({ parsed, createRevision }): JournaledRequest => ({
      ...parsed.record,
      revision: createRevision,
    }),
  );
  return {
    ...state,
    agents: readable(all, 'agent')
      .map(({ parsed }) => parsed.record)
      .sort((a, b) => (a.memberId < b.memberId ? -1 : 1)),
    ...optional('leader', readable(all, 'leader')[0]?.parsed.record),
    leaderRevision: leader?.createRevision ?? 0n,
    ...(epoch === undefined ? { epoch: 0n } : optional('epoch', readableEpoch)),
    epochRevision: epoch?.modRevision ?? 0n,
    ...optional('slot', slot),
    slotRevision: only(all, 'slot')?.modRevision ?? 0n,
    history,
    // A request whose writer lost the answer may arrive once more after it has been dealt with.
    staleRequests: requests.filter(({ id }) => done.has(id)).map(({ id }) => id),
    requests: requests.filter(({ id }) => !done.has(id)).sort((a, b) => Number(a.revision - b.revision)),
    reports: readable(all, 'report').map(({ parsed }) => parsed.record),
    ...optional('pause', readable(all, 'pause')[0]?.parsed.record),
    ...optional('armed', readable(all, 'armed')[0]?.parsed.record),
    places: readable(all, 'places')[0]?.parsed.record ?? [],
    resumedRevision: later(only(all, 'resumed')?.modRevision ?? 0n, tokenGoneRevision),
    resumeTokens: of(all, 'resume-token').map(({ index }) => index),
    unreadable: all.flatMap(unreadable),
    spares: spares(all),
  };
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function of<K extends Kind>(all: readonly JournalEntry[], kind: K): readonly Of<K>[] {
  return all.filter((entry): entry is Of<K> => entry.kind === kind);
}

function only<K extends Kind>(all: readonly JournalEntry[], kind: K): Of<K> | undefined {
  return of(all, kind)[0];
}

function readable<K extends Kind>(all: readonly JournalEntry[], kind: K): readonly Readable<K>[] {
  return of(all, kind).filter((entry): entry is Readable<K> => entry.parsed.kind === 'record');
}

function slotOf(all: readonly JournalEntry[]): JournaledSlot | undefined {
  const [entry] = readable(all, 'slot');
  if (entry === undefined) return undefined;
  return { slot: entry.parsed.record, createRevision: entry.createRevision, modRevision: entry.modRevision };
}

/** A report that cannot be read is as good as none, and goes with the lease of whoever wrote it. */
function unreadable({ kind, key, parsed }: JournalEntry): readonly UnreadableKey[] {
  return parsed.kind === 'record' || kind === 'report' ? [] : [{ key, kind: parsed.kind, message: parsed.message }];
}

function spares(all: readonly JournalEntry[]): readonly SpareEpoch[] {
  const byEpoch = Map.groupBy(readable(all, 'spare'), ({ name }) => name.epoch);
  return [...byEpoch]
    .map(([epoch, entries]): SpareEpoch => {
      const { members = [], ttlMs } = entries[0]?.parsed.record ?? {};
      const present = new Set(entries.map(({ name }) => (name.kind === 'spare-epoch' ? name.memberId : undefined)));
      return {
        epoch,
        members,
        ...optional('ttlMs', ttlMs),
        missing: members.filter((memberId) => !present.has(memberId)),
        steps: entries.flatMap(({ name }) => (name.kind === 'spare-step' ? [name.index] : [])).sort((a, b) => a - b),
      };
    })
    .sort((a, b) => Number(a.epoch - b.epoch));
}

function optional<K extends string, T>(name: K, value: T | undefined): Partial<Record<K, T>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<K, T>>;
}
