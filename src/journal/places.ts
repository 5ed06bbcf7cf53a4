import type { AgentPlace, AgentRecord } from '../cluster/caretaking.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { guardedTxn } from './guarded-txn.ts';
import type { JournalKeys } from './keys.ts';
import { encodePlaces } from './records/places.ts';
import type { JournalSnapshot } from './snapshot.ts';
import type { Term } from './term.ts';

/**
 * Where agents answer, as it should be written down; undefined where it is so already. Records of agents go with their
 * leases, and under NOSPACE none can be written again: an agent that is started then finds the others by this.
 * @param memberIds of all members: what was known of one that has left goes
 */
export function placesToWrite(
  { agents, places }: Pick<JournalSnapshot, 'agents' | 'places'>,
  memberIds: readonly string[],
): readonly AgentPlace[] | undefined {
  const known = memberIds.flatMap((memberId): AgentPlace | [] => {
    const now = placeOf(agents.find((agent) => agent.memberId === memberId));
    return now ?? places.find((place) => place.memberId === memberId) ?? [];
  });
  const same = known.length === places.length && known.every((place) => places.some((each) => isSame(each, place)));
  return same ? undefined : known;
}

function placeOf(agent: AgentRecord | undefined): AgentPlace | undefined {
  if (agent?.url === undefined) return undefined;
  const { memberId, member, url } = agent;
  return { memberId, member, url };
}

function isSame(a: AgentPlace, b: AgentPlace): boolean {
  return a.memberId === b.memberId && a.member === b.member && a.url === b.url;
}

/** Writes down where agents answer. Throws `TERM_LOST`, `JOURNAL_UNCERTAIN`, or what etcd refuses with. */
export async function writePlaces(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  places: readonly AgentPlace[],
  signal?: AbortSignal,
): Promise<void> {
  const value = encodePlaces(places);
  const put = { put: keys.places, value };
  await guardedTxn(client, term, { compare: [], changes: [put], witness: { key: keys.places, value } }, signal);
}
