import type { Operation, OperationContext, OperationResult } from './operation.ts';
import { ownListed } from './steps/add-learner.ts';
import { askAgent } from './steps/ask-agent.ts';
import { newcomerOf } from './steps/newcomer.ts';
import type { MembershipParts } from './steps/parts.ts';
import { steadyState } from './steps/steady-state.ts';
import { takeIn } from './steps/take-in.ts';

/**
 * Takes a member in: its agent says that it is ready and moves old data away, then it is added, started, followed,
 * promoted and verified. Also goes on with a learner that an earlier operation of the agents has left. Figures: `revision`.
 */
export function joinOperation(parts: MembershipParts): Operation {
  return { name: 'join', version: 1, run: (context) => join(context, parts) };
}

async function join(context: OperationContext, parts: MembershipParts): Promise<OperationResult> {
  const newcomer = newcomerOf(context.slot);
  if (ownListed(await steadyState(context, parts), newcomer, undefined, context) === undefined) {
    await askAgent('prepare-join', newcomer, context, parts);
    // Before it is listed: data that are there then cannot be its own.
    await askAgent('fence', newcomer, context, parts);
  }
  const { memberId, revision } = await takeIn(newcomer, undefined, context, parts);
  const summary = `${newcomer.name} is a voter as ${memberId}; its data are equal to another voter's at revision ${revision}.`;
  return { outcome: 'succeeded', summary, figures: { revision: Number(revision) } };
}
