import { faultOf } from '../cluster/agent-error.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { type Operation, type OperationContext, type OperationResult, OperationStopped } from './operation.ts';
import { ownListed, refuseForeignLearners } from './steps/add-learner.ts';
import { askAgent } from './steps/ask-agent.ts';
import { disarmCorruptOf } from './steps/disarm-corrupt.ts';
import { giveAwayLeadership } from './steps/give-away-leadership.ts';
import { type AskedAgent, type Newcomer, newcomerOf, textParameter } from './steps/newcomer.ts';
import type { MembershipParts } from './steps/parts.ts';
import { untilClose } from './steps/promote.ts';
import { removeFromList } from './steps/remove-member.ts';
import { safetySnapshot } from './steps/safety-snapshot.ts';
import { steadyState } from './steps/steady-state.ts';
import { startedLearner, type TakenIn, voterOf } from './steps/take-in.ts';

/** What the policy has decided on. */
interface Plan {
  readonly victim: { readonly id: string; readonly name: string };
  readonly newcomer: Newcomer;
  readonly addFirst: boolean;
  /** It is replaced although it answers: its data are wrong, or a person wants it. */
  readonly evenIfWell: boolean;
  readonly byPerson: boolean;
  /** The agent beside the victim, where there is one that is not the newcomer's. */
  readonly victimAgent?: AskedAgent;
}

/**
 * Replaces a member: a snapshot where backups are not fresh, an agent that is ready to start another one, and then remove,
 * fence, add, start, follow, promote, verify. What has been done already the member list says. With `order: add-first` the
 * victim is removed when the newcomer is close. Figures: `revision` at which the newcomer's data were compared.
 */
export function replaceOperation(parts: MembershipParts): Operation {
  return { name: 'replace', version: 1, run: (context) => replace(context, parts) };
}

async function replace(context: OperationContext, parts: MembershipParts): Promise<OperationResult> {
  const plan = planOf(context);
  const { victim, newcomer } = plan;
  const state = await steadyState(context, parts);
  const isBegun = ownListed(state, newcomer, victim.id, context) !== undefined;
  if (!isBegun && isListed(state, victim.id)) await prepare(plan, state, context, parts);
  const taken = plan.addFirst ? await addFirst(plan, context, parts) : await removeFirst(plan, context, parts);
  await disarmCorruptOf(victim.id, context, parts);
  const summary = `${victim.name} was replaced by the member ${taken.memberId} beside the agent of ${newcomer.name}; its data are equal to another voter's at revision ${taken.revision}.`;
  return { outcome: 'succeeded', summary, figures: { revision: Number(taken.revision) } };
}

/** Nothing is changed before a replacement has said that it is ready. */
async function prepare(
  plan: Plan,
  seen: ClusterState,
  context: OperationContext,
  parts: MembershipParts,
): Promise<void> {
  const state = (await safetySnapshot(context, parts)) ? await steadyState(context, parts) : seen;
  stillToGo(state, plan, context);
  await askAgent('prepare-join', plan.newcomer, context, parts, state);
  await giveAwayLeadership(plan.victim.id, context, parts);
}

async function removeFirst(plan: Plan, context: OperationContext, parts: MembershipParts): Promise<TakenIn> {
  const { victim, newcomer } = plan;
  const state = await removeVictim(plan, context, parts);
  // Once it is listed there may be data of its own, which are not to be moved away.
  if (ownListed(state, newcomer, victim.id, context) === undefined) {
    await askAgent('fence', newcomer, context, parts, state);
  }
  const memberId = await startedLearner(newcomer, victim.id, context, parts);
  return voterOf(memberId, newcomer, context, parts);
}

async function addFirst(plan: Plan, context: OperationContext, parts: MembershipParts): Promise<TakenIn> {
  const { victim, newcomer } = plan;
  const listed = ownListed(await steadyState(context, parts), newcomer, victim.id, context);
  if (listed === undefined) await askAgent('fence', newcomer, context, parts);
  const memberId = await startedLearner(newcomer, victim.id, context, parts);
  await untilClose(memberId, newcomer, context, parts);
  await removeVictim(plan, context, parts);
  return voterOf(memberId, newcomer, context, parts);
}

/** Removes it, and has the agent beside it see to it that its data are not started any more. Gives the state afterwards. */
async function removeVictim(plan: Plan, context: OperationContext, parts: MembershipParts): Promise<ClusterState> {
  const { victim, byPerson, victimAgent } = plan;
  const check = (state: ClusterState): void => stillToGo(state, plan, context);
  const removal = { memberId: victim.id, name: victim.name, byPerson, check };
  const state = await removeFromList(removal, context, parts);
  if (victimAgent === undefined || isFenced(victim.id, context)) return state;
  // Its own agent asks for the list before each start, so that a machine which is away need not be waited for.
  await askAgent('fence', victimAgent, context, parts).catch((error: unknown) => {
    const { code, message } = faultOf(error);
    if (code !== 'AGENT_MISSING' && code !== 'PAUSED') throw error;
    context.log('the removed member was not fenced', { code, message });
  });
  return await steadyState(context, parts);
}

/** Whether that has been asked for, and the operation has come on since. */
function isFenced(victimId: string, { slot }: OperationContext): boolean {
  return slot.steps.slice(0, -1).some(({ name, memberId }) => name === 'fence' && memberId === victimId);
}

/** Throws `OperationStopped` `MEMBER_BACK` where it answers again, `FOREIGN_LEARNER` where somebody else is at it. */
function stillToGo(state: ClusterState, { victim, newcomer, evenIfWell }: Plan, context: OperationContext): void {
  refuseForeignLearners(state, newcomer, victim.id, context);
  const member = memberOf(state, victim.id);
  if (evenIfWell || member === undefined || !member.reachable) return;
  throw new OperationStopped('MEMBER_BACK', `${member.name} answers again`, { member: member.name });
}

function isListed(state: ClusterState, id: string): boolean {
  return memberOf(state, id) !== undefined;
}

function memberOf({ members }: ClusterState, id: string): MemberState | undefined {
  return members.find((member) => member.id === id);
}

function planOf({ slot }: OperationContext): Plan {
  const { parameters, requestedBy } = slot;
  const newcomer = newcomerOf(slot);
  const id = textParameter(slot, 'victim');
  const name = textParameter(slot, 'victimName');
  const agentId = parameters['victimAgentId'];
  return {
    victim: { id, name },
    newcomer,
    addFirst: parameters['order'] === 'add-first',
    evenIfWell: parameters['evenIfWell'] === true,
    byPerson: requestedBy !== undefined,
    ...(typeof agentId === 'string' && agentId !== newcomer.agentId ? { victimAgent: { name, agentId } } : {}),
  };
}
