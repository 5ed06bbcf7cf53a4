import type { Reason } from '../../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import { type AskedStepName, askAgent } from './ask-agent.ts';
import { gate } from './gate.ts';
import type { AskedAgent } from './newcomer.ts';
import type { MembershipParts } from './parts.ts';
import { steadyState } from './steady-state.ts';
import { type Moves, movedOff, nextInTurn, settled, transfereeFor } from './turns.ts';
import type { Consent } from './unsafe.ts';

/** A member that goes takes the leadership along in clusters of one and two voters: an election is no doubt there. */
const LEAST_VOTERS = 3;

/** What is done to members in turn. */
export interface TurnPlan extends Consent {
  /** Ids of voters, in order. */
  readonly targets: readonly string[];
  /** They are taken in exactly this order: not whoever does not lead first. */
  readonly inOrder?: true;
  /** The step that takes a member away for a while, by its name in the journal. */
  readonly step: string;
  /** Makes it, and is back when the member should serve again. It comes to the same however often it is done. */
  readonly take: (member: MemberState, state: ClusterState | undefined) => Promise<void>;
  /** Behind "before m1", for people. */
  readonly why: string;
  /** Looks once more at a member that has settled; gives what is wrong, if anything. */
  readonly look?: (member: MemberState) => Promise<Reason | undefined>;
}

/** How far it came, and why it ended early, if so. */
export interface TurnsTaken {
  readonly done: readonly string[];
  readonly stopped?: Reason;
}

/**
 * Takes members away for a while, one after the other: followers first, then the raft leader, after its
 * leadership has moved. Before each, everybody must be there; after each, it must have settled without an election. Any doubt ends
 * it. What an earlier leader has done stands in the slot; whoever it has asked last, and not heard of, is waited for.
 */
export async function oneByOne(plan: TurnPlan, context: OperationContext, parts: MembershipParts): Promise<TurnsTaken> {
  const { done: noted } = context.slot.progress;
  const done = new Set(Array.isArray(noted) ? noted.filter((id) => typeof id === 'string') : []);
  const stopped = await allTurns(plan, done, context, parts).catch((error: unknown): Reason => {
    if (!(error instanceof OperationStopped)) throw error;
    return { code: error.code, message: error.message };
  });
  return { done: [...done], ...(stopped === undefined ? {} : { stopped }) };
}

async function allTurns(
  plan: TurnPlan,
  done: Set<string>,
  context: OperationContext,
  parts: MembershipParts,
): Promise<Reason | undefined> {
  const moves: Moves = { made: 0 };
  const unseen = await unseenBefore(done, context, parts);
  if (unseen !== undefined) {
    const stopped = await seen(unseen, plan, { done, raftTerm: undefined }, context, parts);
    if (stopped !== undefined) return stopped;
  }
  const underWay = await askedBefore(plan, done, context, parts);
  if (underWay !== undefined) {
    const stopped = await turn(underWay, plan, { done, raftTerm: undefined }, context, parts);
    if (stopped !== undefined) return stopped;
  }
  for (;;) {
    const left = plan.targets.filter((id) => !done.has(id));
    if (left.length === 0) return undefined;
    const gated = await gate(context, parts, plan);
    if ('unsafe' in gated) return gated.unsafe;
    const { state } = gated;
    const next = nextInTurn(left, state, plan.inOrder === true);
    if ('code' in next) return next;
    if (next.isLeader && state.voters > 1) {
      const to = transfereeFor(next, left, state);
      if (to === undefined) {
        return { code: 'NO_TRANSFEREE', message: `nobody can take the raft leadership from ${next.name}` };
      }
      const stopped = await movedOff({ from: next, to, state, why: plan.why }, moves, context, parts);
      if (stopped !== undefined) return stopped;
      continue;
    }
    const raftTerm = state.voters >= LEAST_VOTERS ? state.raftTerm : undefined;
    const stopped = await turn(next, plan, { done, raftTerm, state }, context, parts);
    if (stopped !== undefined) return stopped;
  }
}

/** Steps that a turn makes behind the one that takes the member away. */
const BETWEEN: ReadonlySet<string> = new Set(['hold-pods', 'end-pod']);

/** The member whose agent an earlier leader has asked last: it may be away just now, which must not count against it. */
async function askedBefore(
  { step, targets }: TurnPlan,
  done: ReadonlySet<string>,
  context: OperationContext,
  parts: MembershipParts,
): Promise<MemberState | undefined> {
  const last = context.slot.steps.findLast(({ name }) => name === step || !BETWEEN.has(name));
  const id = last?.name === step ? last.memberId : undefined;
  if (id === undefined || !targets.includes(id) || done.has(id)) return undefined;
  return (await steadyState(context, parts)).members.find((member) => member.id === id);
}

/** The member whose turn was over when an earlier leader died, before it had looked at what came of it. */
async function unseenBefore(
  done: ReadonlySet<string>,
  context: OperationContext,
  parts: MembershipParts,
): Promise<MemberState | undefined> {
  const { unseen } = context.slot.progress;
  if (typeof unseen !== 'string' || !done.has(unseen)) return undefined;
  return (await steadyState(context, parts)).members.find((member) => member.id === unseen);
}

interface Turn {
  readonly done: Set<string>;
  readonly raftTerm: bigint | undefined;
  readonly state?: ClusterState;
}

async function turn(
  member: MemberState,
  plan: TurnPlan,
  taken: Turn,
  context: OperationContext,
  parts: MembershipParts,
): Promise<Reason | undefined> {
  await plan.take(member, taken.state);
  taken.done.add(member.id);
  await context.note({ done: [...taken.done], unseen: member.id });
  return await seen(member, plan, taken, context, parts);
}

/** What is wrong with a member after its turn, if anything; written down when nothing is. */
async function seen(
  member: MemberState,
  { look }: TurnPlan,
  { raftTerm, state }: Turn,
  context: OperationContext,
  parts: MembershipParts,
): Promise<Reason | undefined> {
  const from = state ?? (await steadyState(context, parts));
  const wrong = (await settled(member, from, raftTerm, context, parts)) ?? (await look?.(member));
  if (wrong === undefined) await context.note({ unseen: '' });
  return wrong;
}

/** The turn of a member whose own agent is asked for it. */
export function byItsAgent(
  step: AskedStepName,
  context: OperationContext,
  parts: MembershipParts,
): Pick<TurnPlan, 'step' | 'take'> {
  return {
    step,
    take: async (member, state) => {
      await askAgent(step, agentOf(member), context, parts, state);
    },
  };
}

/** The agent beside a member of the list. */
export function agentOf({ id, name, agent }: MemberState): AskedAgent {
  return { name: agent?.member ?? name, agentId: id };
}
