import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { ReportRecord } from '../../cluster/caretaking.ts';
import type { ClusterState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import { type AskedAgent, registeredAs } from './newcomer.ts';
import type { MembershipParts } from './parts.ts';
import { steadyState } from './steady-state.ts';
import { stepLimitsMs } from './step-limits.ts';

/** What an agent reports as failed, or whoever is registered under another id by now, is asked once more, and then once more. */
const ATTEMPTS = 3;

/** What an agent is asked for: see `docs/acting.md`. Each comes to the same however often it is done. */
export type AskedStepName =
  | 'prepare-join'
  | 'fence'
  | 'start-joined'
  | 'stop-member'
  | 'restart-member'
  | 'prepare-upgrade'
  | 'rehearse-upgrade'
  | 'switch-version';

/**
 * Asks the agent beside a member to do what only that one can, as a step of its own, and waits for its report. An agent
 * that a former leader has asked last is not asked anew. What it reports as stopped or failed is thrown with its code:
 * stopped as `OperationStopped`. Throws `OperationStopped` `AGENT_MISSING` where it is not there,
 * and `AGENT_STUCK` where it has not reported within `stepLimitsMs`.
 * @param seen what has just been looked at: it tells under which id the agent is registered
 */
export async function askAgent(
  name: AskedStepName,
  agent: AskedAgent,
  context: OperationContext,
  parts: MembershipParts,
  seen?: ClusterState,
): Promise<ReportRecord> {
  let memberId = lastAsked(name, agent, context) ?? registeredAs(seen ?? (await steadyState(context, parts)), agent);
  let anew = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return wellReported(await reportOf({ name, memberId, anew }, agent, context, parts), agent);
    } catch (error) {
      context.signal.throwIfAborted();
      const isMissing = faultOf(error).code === 'AGENT_MISSING';
      if (attempt === ATTEMPTS || (!isMissing && !(error instanceof ReportedFailure))) throw error;
      await sleep(parts.timing.pollMs, undefined, { signal: context.signal });
      const now = registeredAs(await steadyState(context, parts), agent);
      if (isMissing && now === memberId) throw error;
      memberId = now;
      anew = true;
    }
  }
}

/** An agent has tried, and it did not work: the next time it may. */
class ReportedFailure extends AgentError {}

/** Under which id a former leader has asked this agent for it, where that is the newest step. */
function lastAsked(name: AskedStepName, agent: AskedAgent, { slot }: OperationContext): string | undefined {
  const last = slot.steps.at(-1);
  // By its name: the id under which it is registered may be another one by now, and the agent of another member may have been asked for the same.
  return last?.name === name && last.detail === detailOf(agent) ? last.memberId : undefined;
}

function detailOf({ name }: AskedAgent): string {
  return `the agent of ${name}`;
}

function reportOf(
  { name, memberId, anew }: { readonly name: AskedStepName; readonly memberId: string; readonly anew: boolean },
  agent: AskedAgent,
  context: OperationContext,
  { agents }: MembershipParts,
): Promise<ReportRecord> {
  const last = context.slot.steps.at(-1);
  const asked = (): Parameters<typeof agents.reportOf>[0] => ({
    operationId: context.slot.id,
    step: context.slot.steps.length,
    memberId,
    name,
    withinMs: stepLimitsMs[name],
  });
  if (!anew && last?.name === name && last.memberId === memberId) return agents.reportOf(asked(), context.signal);
  return context.step({ name, memberId, detail: detailOf(agent) }, ({ signal }) => agents.reportOf(asked(), signal));
}

function wellReported(report: ReportRecord, { name }: AskedAgent): ReportRecord {
  const { outcome, code = 'AGENT_FAILED', summary } = report;
  if (outcome === 'succeeded') return report;
  if (outcome === 'stopped')
    throw new OperationStopped(code, `the agent of ${name} says: ${summary}`, { member: name });
  throw new ReportedFailure(code, `The agent of ${name} says: ${summary}`, {
    member: name,
    remedy: 'See its log; the operation is tried again by itself.',
  });
}
