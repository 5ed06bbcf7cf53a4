import type { ReportRecord } from '../cluster/caretaking.ts';
import type { AskedAgents } from './backup-ports.ts';
import type { Operation, OperationContext, OperationResult } from './operation.ts';
import { stepLimitsMs } from './steps/step-limits.ts';

const STEP = 'drill';

/** The report of an agent whose machine has no room for a drill. */
const NO_ROOM = 'DRILL_NO_ROOM';

/**
 * Has the agent beside one of the targets restore the newest chain and compare it with its member; where that machine has
 * no room, the next one. Nothing in the cluster is changed. Figures are those of the report: `restoreSeconds`, `revision`,
 * `keys`, `store`.
 */
export function drillOperation({ agents }: { readonly agents: AskedAgents }): Operation {
  return { name: 'drill', version: 1, run: (context) => run(context, agents) };
}

async function run(context: OperationContext, agents: AskedAgents): Promise<OperationResult> {
  const { targets } = context.slot;
  const refused: ReportRecord[] = [];
  for (const memberId of targets.slice(alreadyAsked(context))) {
    const report = await reportOf(context, agents, memberId);
    if (report.code !== NO_ROOM) return resultOf(report);
    refused.push(report);
  }
  const summary = refused.map(({ summary: text }) => text).join(' ');
  return {
    outcome: 'stopped',
    code: NO_ROOM,
    summary: summary === '' ? 'No machine has room for a drill.' : summary,
  };
}

/** How many of the targets an earlier leader is done with: all that it asked but the last one. */
function alreadyAsked({ slot }: OperationContext): number {
  const last = slot.steps.findLast(({ name }) => name === STEP)?.memberId;
  return last === undefined ? 0 : Math.max(0, slot.targets.indexOf(last));
}

async function reportOf(context: OperationContext, agents: AskedAgents, memberId: string): Promise<ReportRecord> {
  const { slot } = context;
  const asked = (step: number) => ({ operationId: slot.id, step, memberId, name: STEP, withinMs: stepLimitsMs.drill });
  const last = slot.steps.at(-1);
  // Whoever led before has asked it already.
  if (last?.name === STEP && last.memberId === memberId) {
    return await agents.reportOf(asked(slot.steps.length), context.signal);
  }
  return await context.step({ name: STEP, memberId }, ({ signal }) =>
    agents.reportOf(asked(context.slot.steps.length), signal),
  );
}

function resultOf({ outcome, code, summary, figures }: ReportRecord): OperationResult {
  return { outcome, summary, figures, ...(code === undefined ? {} : { code }) };
}
