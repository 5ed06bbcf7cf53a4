import type { Reason } from '../../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import type { OperationContext } from '../operation.ts';
import { handOver, transfereeOf } from './hand-over.ts';
import type { Parts } from './parts.ts';
import { votersOf } from './unsafe.ts';
import { waitSettled } from './wait-settled.ts';

/** So often the raft leadership is moved in one operation: where it keeps coming back something is wrong. */
const MOST_MOVES = 3;

/**
 * Whose turn it is among those that are left: followers in the given order, and the raft leader when nobody else is left.
 * @param inOrder the first one, whoever leads
 */
export function nextInTurn(left: readonly string[], state: ClusterState, inOrder = false): MemberState | Reason {
  const voters = left.flatMap((id) => votersOf(state).find((member) => member.id === id) ?? []);
  const [first] = voters;
  if (voters.length < left.length || first === undefined) {
    const gone = left.filter((id) => voters.every((member) => member.id !== id));
    return { code: 'TARGET_GONE', message: `${gone.join(', ')} is no voter of this cluster any more` };
  }
  return inOrder ? first : (voters.find(({ isLeader }) => !isLeader) ?? first);
}

/** The moves of the raft leadership that one operation has made. */
export interface Moves {
  made: number;
}

/**
 * Has another voter lead before the turn of the raft leader, and waits until that one has settled. Gives what is wrong, if anything.
 * @param why behind ", before " in the journal
 */
export async function movedOff(
  {
    from,
    to,
    state,
    why,
  }: { readonly from: MemberState; readonly to: MemberState; readonly state: ClusterState; readonly why: string },
  moves: Moves,
  context: OperationContext,
  parts: Parts,
): Promise<Reason | undefined> {
  moves.made += 1;
  if (moves.made > MOST_MOVES) {
    return { code: 'LEADER_CHANGED', message: `the raft leadership came back to ${from.name} again and again` };
  }
  await handOver({ from, to, state, why: `, before ${from.name} ${why}` }, context, parts);
  return settled(to, state, undefined, context, parts);
}

/** Who may take the leadership from the one whose turn it is: whoever is not to go as well, if there is one. */
export function transfereeFor(
  { id }: MemberState,
  left: readonly string[],
  state: ClusterState,
): MemberState | undefined {
  const others = left.filter((each) => each !== id);
  // Where nobody is done yet, whoever goes last: the leadership has to move once more then.
  return (
    transfereeOf(state, id, (member) => !left.includes(member.id)) ??
    transfereeOf(state, id, (member) => member.id === others.at(-1)) ??
    transfereeOf(state, id)
  );
}

/** Waits until a member takes part again; gives why it did not get there. @param raftTerm in which there must be no election */
export async function settled(
  { id: memberId }: MemberState,
  state: ClusterState,
  raftTerm: bigint | undefined,
  { signal }: OperationContext,
  parts: Parts,
): Promise<Reason | undefined> {
  const voters = votersOf(state).map(({ id }) => id);
  const since = raftTerm === undefined ? {} : { raftTerm };
  return waitSettled({ memberId, voters, ...since }, parts, signal);
}
