import type { Action, Decision } from '../cluster/caretaking.ts';
import type { AsJson } from '../expose/as-json.ts';
import type { Paint } from './look.ts';
import type { NameOf } from './member-names.ts';

const styles = { act: 'green', plan: 'yellow', hold: 'dim' } as const;

/** `act`, `plan` or `hold`, and whether a person has to look, in colour. */
export function decisionWord({ decision, page }: AsJson<Decision>, paint: Paint): string {
  const word = paint(styles[decision], decision);
  return page === true ? `${word} ${paint('red', 'PAGE')}` : word;
}

/** One decision with all its reasons and what would be done. */
export function decisionText(decision: AsJson<Decision>, nameOf: NameOf, paint: Paint): string {
  const { policy, reasons, action, requestedBy } = decision;
  return [
    `${policy}: ${decisionWord(decision, paint)}`,
    ...reasons.map(({ message, code }) => `  - ${message} (${code})`),
    ...(requestedBy === undefined ? [] : [`  asked for by ${requestedBy}`]),
    ...(action === undefined ? [] : actionLines(action, decision.decision, nameOf)),
    '',
  ].join('\n');
}

function actionLines(
  { operation, targets, parameters }: AsJson<Action>,
  decision: Decision['decision'],
  nameOf: NameOf,
): readonly string[] {
  const members = targets.length === 0 ? '' : ` on ${targets.map(nameOf).join(', then ')}`;
  return [
    `${decision === 'act' ? 'Does' : 'Would do'}: ${operation}${members}`,
    ...Object.entries(parameters).map(([name, value]) => `  ${name}: ${plain(value)}`),
  ];
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
