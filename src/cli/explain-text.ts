import type { DecisionsReply, OperationsReply } from './caretaking-reply.ts';
import { decisionText, decisionWord, type Paint } from './decision-text.ts';
import type { NameOf } from './member-names.ts';
import { formatTable } from './table.ts';
import { formatCount, formatSpan } from './units.ts';

/** What is needed to write for people. */
export interface ExplainContext {
  readonly nameOf: NameOf;
  readonly paint: Paint;
  /** Wall clock: ages are as this machine sees them. */
  readonly nowMs: number;
}

/** Who leads and what holds the agents back, then what each policy decided last, with every reason. */
export function explainText(reply: DecisionsReply, context: ExplainContext): string {
  const rows = reply.decisions.flatMap((decision) => {
    const [first, ...others] = decision.reasons.map(({ message }) => message);
    return [
      [decision.policy, decision.page === true ? `${decision.decision} PAGE` : decision.decision, first ?? ''],
      ...others.map((message) => ['', '', message]),
    ];
  });
  const [header = '', ...lines] = formatTable(['POLICY', 'DECISION', 'REASONS'], rows).split('\n');
  const starts = reply.decisions.map(({ policy }) => policy);
  const painted = lines.map((line) => {
    const decision = reply.decisions[starts.findIndex((policy) => line.startsWith(`${policy} `))];
    if (decision === undefined) return line;
    const word = decision.page === true ? `${decision.decision} PAGE` : decision.decision;
    return line.replace(word, () => decisionWord(decision, context.paint));
  });
  const table =
    reply.decisions.length === 0 ? 'No policy has decided anything yet.\n' : [header, ...painted].join('\n');
  return `${situationText(reply, context)}\n${table}`;
}

/** One policy in detail, and how its operation ended last. Undefined where it has not decided anything. */
export function explainPolicyText(
  reply: DecisionsReply,
  operations: OperationsReply,
  policy: string,
  context: ExplainContext,
): string | undefined {
  const decision = reply.decisions.find((one) => one.policy === policy);
  if (decision === undefined) return undefined;
  const last = operations.history.find(({ operation }) => operation === policy);
  const lastLine =
    last === undefined
      ? 'It has not been done yet, as far as the history goes back.'
      : `Last time: ${last.outcome}, ${ago(last.endedAtMs, context)}${last.requestedBy === undefined ? '' : `, asked for by ${last.requestedBy}`}. ${last.summary}`;
  return `${situationText(reply, context)}\n${decisionText(decision, context.nameOf, context.paint)}${lastLine}\n`;
}

function situationText({ leader, armed, arming, pause, slot, breakers = [] }: DecisionsReply, context: ExplainContext) {
  const { nameOf, paint, nowMs } = context;
  const lines = [
    leader === undefined
      ? paint('yellow', 'No agent leads: nothing is decided.')
      : `The agent beside ${leader.member || nameOf(leader.memberId)} leads, epoch ${leader.epoch}, since ${when(leader.sinceMs, context)}.`,
    armed === undefined
      ? paint('yellow', `Not armed: nothing is done yet, only planned. ${arming ?? ''}`.trimEnd())
      : `Armed since ${when(armed.atMs, context)}.`,
    ...(pause === undefined
      ? []
      : [
          paint(
            'yellow',
            `PAUSED by ${pause.by} for another ${formatSpan(Math.max(0, (Number(pause.untilMs) - nowMs) / 1000))}: ${pause.reason}`,
          ),
        ]),
    ...breakers.map(({ policy, failures }) =>
      paint(
        'red',
        `Breaker open: ${policy} failed ${formatCount(failures)} times in a row. It waits for \`etcd-caretaker resume\`.`,
      ),
    ),
    ...(slot === undefined
      ? []
      : [
          `Under way: ${slot.operation}${slot.targets.length === 0 ? '' : ` on ${slot.targets.map(nameOf).join(', ')}`}, at ${slot.phase}, begun ${ago(slot.startedAtMs, context)}.`,
        ]),
  ];
  return `${lines.join('\n')}\n`;
}

function when(atMs: number | '+Inf', context: ExplainContext): string {
  return `${new Date(Number(atMs)).toISOString().slice(0, 19)}Z (${ago(atMs, context)})`;
}

function ago(atMs: number | '+Inf', { nowMs }: ExplainContext): string {
  return `${formatSpan(Math.max(0, (nowMs - Number(atMs)) / 1000))} ago`;
}
