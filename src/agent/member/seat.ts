import { candidateId } from '../../cluster/caretaking.ts';
import type { Observation } from '../../cluster/observation.ts';
import { refusedId } from '../caretaker/member-fitness.ts';
import type { RememberedMember } from './memory.ts';

/** As whom an agent takes part: beside a member with this id, or as a candidate, whose member is in no list. */
export interface Seat {
  readonly memberId: string;
  readonly candidate?: { readonly peerUrls: readonly string[] };
}

export interface SeatParts {
  readonly observation: Observation;
  /** The seat that it has now, and whether an operation under way names it. */
  readonly now?: { readonly seat: Seat; readonly isTarget: boolean; readonly journalConnected: boolean };
  readonly remembered?: RememberedMember;
  /** What the list would say of a member that was added for it; absent where the agent could not start one. */
  readonly peerUrls?: readonly string[];
  /** Its boot decision was to join. */
  readonly wantsToJoin?: boolean;
  /** The agent only watches: it takes part as long as its member answers, and nothing else gives it a seat. */
  readonly onlyAnswering?: boolean;
}

/**
 * The seat that an agent should have; undefined while it cannot tell. An operation that names the present one is carried to its end with it:
 * that is how a member that has been removed already is still known by its former id until the new one has joined.
 */
export function seatOf(parts: SeatParts): Seat | undefined {
  const { observation, now, remembered, peerUrls, wantsToJoin = false, onlyAnswering = false } = parts;
  if (now?.isTarget === true || now?.journalConnected === false) return now.seat;
  const answering = answeringId(observation);
  if (answering !== undefined) return { memberId: answering };
  if (onlyAnswering) return now?.seat;
  const listed = listedId(parts);
  if (listed !== undefined) return { memberId: listed };
  const cluster = observation.sections.cluster?.value;
  const isGone = cluster?.linearizable === true;
  // Before the journal has been seen it may still be the target of what was begun.
  if (now === undefined && remembered !== undefined) return { memberId: remembered.memberId };
  if (!isGone) return now?.seat;
  return wantsToJoin && peerUrls !== undefined
    ? { memberId: candidateId(observation.member), candidate: { peerUrls } }
    : now?.seat;
}

/** The id of the own member while it answers; under another name than configured it may be somebody else's. */
function answeringId(observation: Observation): string | undefined {
  const member = observation.sections.member?.value;
  if (member?.findings.some(({ code }) => code === 'MEMBER_NAME_MISMATCH') === true) return undefined;
  return member?.status.memberId ?? refusedId(observation);
}

/** The id that the list has for it: of its name, else of what it remembers, else of its peer URL before it was ever started. */
function listedId({ observation, remembered, peerUrls = [] }: SeatParts): string | undefined {
  const members = observation.sections.cluster?.value?.members ?? [];
  const named = members.filter(({ name }) => name === observation.member);
  if (named.length === 1) return named[0]?.id;
  const known = members.find(({ id }) => id === remembered?.memberId);
  if (known !== undefined) return known.id;
  return members.find((member) => member.name === '' && member.peerUrls.some((url) => peerUrls.includes(url)))?.id;
}
