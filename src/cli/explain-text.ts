import type { CaretakingJson, DecisionsJson, OperationsJson } from './caretaking-reply.ts';
import { decisionText, decisionWord } from './decision-text.ts';
import type { Paint } from './look.ts';
import type { NameOf } from './member-names.ts';
import { outcomeStyles } from './run/outcome-text.ts';
import { situationText } from './situation-text.ts';
import { formatTable } from './table.ts';
import { formatSpan } from './units.ts';

/** All that an agent says, and what is needed to write it for people. */
export interface Explained {
  readonly reply: DecisionsJson;
  /** As the agent that was asked sees it; absent where it does not say. */
  readonly view: CaretakingJson | undefined;
  readonly nameOf: NameOf;
  readonly paint: Paint;
  /** Wall clock: ages are as this machine sees them. */
  readonly nowMs: number;
}

/** Who leads and what holds the agents back, then what each policy decided last, with every reason. */
export function explainText(explained: Explained): string {
  const { paint } = explained;
  const { decisions } = explained.reply;
  const rows = decisions.flatMap((decision) => {
    const [first = '', ...others] = [
      ...decision.reasons.map(({ message }) => message),
      ...(decision.requestedBy === undefined ? [] : [`asked for by ${decision.requestedBy}`]),
    ];
    return [[decision.policy, decisionWord(decision, paint), first], ...others.map((line) => ['', '', line])];
  });
  if (rows.length === 0) return `${situationText(explained)}\nNo policy has decided anything yet.\n`;
  return `${situationText(explained)}\n${formatTable(['POLICY', 'DECISION', 'REASONS'], rows, { paint })}`;
}

/** So many of the newest entries are told: what was refused a moment ago must not hide what was done before. */
const TOLD_ENTRIES = 5;

/** One policy in detail, and how its operation ended the last few times. */
export function explainPolicyText(explained: Explained, { history }: OperationsJson, policy: string): string {
  const { reply, nameOf, paint, nowMs } = explained;
  const decisions = reply.decisions.filter((one) => one.policy === policy);
  const lines = history
    .filter(({ operation }) => operation === policy)
    .slice(0, TOLD_ENTRIES)
    .map(({ outcome, endedAtMs, requestedBy, summary }, index) => {
      const by = requestedBy === undefined ? '' : `, asked for by ${requestedBy}`;
      const ago = formatSpan(Math.max(0, (nowMs - Number(endedAtMs)) / 1000));
      return `${index === 0 ? 'Last time' : 'Before'}: ${paint(outcomeStyles[outcome], outcome)}, ${ago} ago${by}. ${summary}`;
    });
  const lastLine = lines.length === 0 ? 'It has not been done yet, as far as the history goes back.' : lines.join('\n');
  const texts = decisions.map((decision) => decisionText(decision, nameOf, paint));
  return `${situationText(explained)}\n${texts.join('')}${lastLine}\n`;
}
