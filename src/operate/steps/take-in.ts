import type { OperationContext } from '../operation.ts';
import { addToList } from './add-learner.ts';
import { askAgent } from './ask-agent.ts';
import { type Newcomer, wasStarted } from './newcomer.ts';
import type { MembershipParts } from './parts.ts';
import { giveVote } from './promote.ts';
import { verifyMember } from './verify-member.ts';

/** A newcomer that has become a voter. */
export interface TakenIn {
  readonly memberId: string;
  /** At which its data were equal to another voter's. */
  readonly revision: bigint;
}

/**
 * Makes a newcomer a voter: a learner that is listed, started by its agent, followed until it is close, given its vote, and
 * looked at. It goes on wherever the member list says that an earlier leader has come to.
 * @param exceptId the member that it stands in for, where that one is listed still
 */
export async function takeIn(
  newcomer: Newcomer,
  exceptId: string | undefined,
  context: OperationContext,
  parts: MembershipParts,
): Promise<TakenIn> {
  const memberId = await startedLearner(newcomer, exceptId, context, parts);
  return voterOf(memberId, newcomer, context, parts);
}

/** The first half: listed, and started. Gives its id. */
export async function startedLearner(
  newcomer: Newcomer,
  exceptId: string | undefined,
  context: OperationContext,
  parts: MembershipParts,
): Promise<string> {
  const { found: memberId, state } = await addToList(newcomer, exceptId, context, parts);
  const listed = state.members.find(({ id }) => id === memberId);
  if (listed === undefined || !wasStarted(listed)) await askAgent('start-joined', newcomer, context, parts, state);
  return memberId;
}

/** The second half: close, promoted, and verified. */
export async function voterOf(
  memberId: string,
  newcomer: Newcomer,
  context: OperationContext,
  parts: MembershipParts,
): Promise<TakenIn> {
  await giveVote(memberId, newcomer, context, parts);
  return { memberId, revision: await verifyMember(memberId, context, parts) };
}
