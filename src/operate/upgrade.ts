import type { MemberState } from '../cluster/state.ts';
import { type Operation, type OperationContext, type OperationResult, OperationStopped } from './operation.ts';
import { doubtAfter } from './steps/after-version.ts';
import { askAgent } from './steps/ask-agent.ts';
import { textParameter } from './steps/newcomer.ts';
import { agentOf, byItsAgent, oneByOne } from './steps/one-by-one.ts';
import type { RestartParts } from './steps/parts.ts';
import { safetySnapshot } from './steps/safety-snapshot.ts';
import { steadyState } from './steps/steady-state.ts';
import { votersOf } from './steps/unsafe.ts';

const SWITCH = 'switch-version';

/** An agent has no room for a restored copy: another one may. */
const NO_ROOM = 'DRILL_NO_ROOM';

/**
 * Has the targets run the version in the parameter `to`, one member at a time: every agent says that it could, a snapshot is taken, and only then
 * the first member is touched. It ends at the first doubt, with the versions mixed: the same operation goes on, or back. A version that does not
 * serve at a member is taken back there by its own agent.
 */
export function upgradeOperation(parts: RestartParts): Operation {
  return { name: 'upgrade', version: 1, run: (context) => upgrade(context, parts) };
}

async function upgrade(context: OperationContext, parts: RestartParts): Promise<OperationResult> {
  const { slot } = context;
  const to = textParameter(slot, 'to');
  const targets = [...new Set(slot.targets)];
  // Once the first was switched, all of them have said that they can.
  if (slot.steps.every(({ name }) => name !== SWITCH)) {
    await prepared(targets, context, parts);
    if (slot.parameters['rehearse'] === true) {
      await rehearsed(targets, context, parts);
      // It may have taken hours.
      await prepared(targets, context, parts);
    }
    // As late as can be: it is the way back.
    await safetySnapshot(context, parts);
  }
  const plan = {
    targets,
    ...byItsAgent(SWITCH, context, parts),
    why: `runs ${to}`,
    withoutSpare: parts.restartWithoutSpare,
    look: (member: MemberState) => doubtAfter(member, to, context, parts),
  } as const;
  const { done, stopped } = await oneByOne(plan, context, parts);
  if (stopped === undefined) {
    return {
      outcome: 'succeeded',
      summary: `${done.length} of ${targets.length} members were brought to ${to}: all voters run it.`,
    };
  }
  const back = done.length === 0 ? '' : ` "run upgrade --to ${to}" goes on; with the version before, it goes back.`;
  const summary = `${done.length} of ${targets.length} members run ${to}; it stopped because ${stopped.message.replace(/\.$/, '')}.${back}`;
  return { outcome: 'stopped', code: stopped.code, summary };
}

/** Every agent that will be asked to switch has the version, and etcd's flags fit it. @throws OperationStopped as it says */
async function prepared(targets: readonly string[], context: OperationContext, parts: RestartParts): Promise<void> {
  const state = await steadyState(context, parts);
  for (const id of targets) {
    const member = votersOf(state).find((voter) => voter.id === id);
    if (member === undefined) throw new OperationStopped('TARGET_GONE', `${id} is no voter of this cluster any more`);
    await askAgent('prepare-upgrade', agentOf(member), context, parts, state);
  }
}

/** One of the agents restores the newest backup and has the new version serve it. @throws OperationStopped as it says */
async function rehearsed(targets: readonly string[], context: OperationContext, parts: RestartParts): Promise<void> {
  const state = await steadyState(context, parts);
  const machines = targets.flatMap((id) => votersOf(state).find((voter) => voter.id === id) ?? []);
  let noRoom: OperationStopped | undefined;
  for (const member of machines) {
    try {
      await askAgent('rehearse-upgrade', agentOf(member), context, parts, state);
      return;
    } catch (error) {
      if (!(error instanceof OperationStopped) || error.code !== NO_ROOM) throw error;
      noRoom = error;
    }
  }
  throw noRoom ?? new OperationStopped('TARGET_GONE', 'there is no voter left to try it on');
}
