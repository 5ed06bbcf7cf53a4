import type { StatusCaretaking } from '../expose/status-caretaking.ts';
import type { AsJson } from './status-text.ts';
import { formatSpan } from './units.ts';

/** What a status says of acting, one line each; nothing where the agent only observes. */
export function actingText(status: AsJson<StatusCaretaking>, nowMs: number): string {
  const { armed, leader, operation, paused, pausedHere, journalConnected } = status;
  if (armed === undefined) return '';
  const ago = (time: string): string => `${formatSpan(Math.max(0, (nowMs - Date.parse(time)) / 1000))} ago`;
  const what = leader === undefined ? 'nobody leads the agents' : `the agent beside ${leader.name} leads`;
  const memory = journalConnected === false ? '; as last seen, etcd does not say it now' : '';
  return [
    `Agents    ${what}, ${armed ? 'armed' : 'not armed yet'}${memory}\n`,
    ...(operation === undefined ? [] : [operationText(operation, ago)]),
    ...(paused === undefined ? [] : [`Paused    by ${paused.by} until ${paused.until}: ${paused.reason}\n`]),
    ...(pausedHere === undefined ? [] : [`Paused    this agent. ${pausedHere}\n`]),
  ].join('');
}

function operationText(
  {
    operation,
    targets,
    step,
    stepMember,
    detail,
    startedAt,
    requestedBy,
  }: AsJson<NonNullable<StatusCaretaking['operation']>>,
  ago: (time: string) => string,
): string {
  const on = targets.length === 0 ? '' : ` on ${targets.map(({ name }) => name).join(', ')}`;
  const by = requestedBy === undefined ? '' : `, asked for by ${requestedBy}`;
  const now = `${step}${stepMember === undefined ? '' : ` ${stepMember.name}`}${detail === undefined ? '' : ` (${detail})`}`;
  return `Under way ${operation}${on}, begun ${ago(startedAt)}${by}; now: ${now}\n`;
}
