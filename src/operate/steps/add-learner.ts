import type { ClusterState, MemberState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import { type Changed, changeMembers } from './change-members.ts';
import { listedAs, type Newcomer, wasStarted } from './newcomer.ts';
import type { Parts } from './parts.ts';

/** What a learner that the agents have added is journaled as, with its id: others are somebody else's. */
const LEARNER_LISTED = 'learner-listed';

/**
 * Lists a newcomer as a learner, and writes its id down. One that is listed already is taken for the newcomer only where
 * the journal says so. Gives its id, and the state that has it.
 * @param exceptId the member that it stands in for, which may be listed still under the same URL
 * @throws OperationStopped `FOREIGN_LEARNER`, and as `changeMembers`
 */
export async function addToList(
  newcomer: Newcomer,
  exceptId: string | undefined,
  context: OperationContext,
  parts: Parts,
): Promise<Changed<string>> {
  const changed = await changeMembers(
    {
      step: { name: 'add-learner', detail: newcomer.peerUrls.join(', ') },
      found: (state) => {
        refuseForeignLearners(state, newcomer, exceptId, context);
        return ownListed(state, newcomer, exceptId, context)?.id;
      },
      call: (permit) => parts.effects.addLearner(newcomer.peerUrls, permit),
      ...(exceptId === undefined ? {} : { exceptId }),
    },
    context,
    parts,
  );
  const { found: id } = changed;
  if (context.slot.progress['learnerId'] !== id) {
    const step = { name: LEARNER_LISTED, memberId: id, detail: newcomer.name, progress: { learnerId: id } };
    await context.step(step, async () => undefined);
  }
  return changed;
}

/** Throws `OperationStopped` `FOREIGN_LEARNER` where there is a learner that is not the newcomer. */
export function refuseForeignLearners(
  state: ClusterState,
  newcomer: Newcomer,
  exceptId: string | undefined,
  context: OperationContext,
): void {
  const own = ownListed(state, newcomer, exceptId, context);
  const other = state.members.find(({ id, isLearner }) => isLearner && id !== own?.id);
  if (other === undefined) return;
  throw new OperationStopped('FOREIGN_LEARNER', `${other.name} is a learner that the agents have not added`);
}

/**
 * The newcomer as the list has it; undefined where it is not listed.
 * @throws OperationStopped `FOREIGN_LEARNER` where somebody else has listed a member under its URL
 */
export function ownListed(
  state: ClusterState,
  newcomer: Newcomer,
  exceptId: string | undefined,
  { slot }: OperationContext,
): MemberState | undefined {
  const known = slot.progress['learnerId'] ?? newcomer.learnerId;
  const byId = state.members.find(({ id }) => id === known);
  if (byId !== undefined) return byId;
  const listed = listedAs(state, newcomer, exceptId);
  if (listed === undefined) return undefined;
  const announced = slot.steps.some(({ name }) => name === 'add-learner');
  if (announced && listed.isLearner && !wasStarted(listed)) return listed;
  const message = `${listed.name} is listed under ${listed.peerUrls.join(', ')}, and the agents have not added it`;
  throw new OperationStopped('FOREIGN_LEARNER', message);
}
