import { isCandidateId } from '../cluster/caretaking.ts';
import type { AsJson } from '../expose/as-json.ts';
import type { Status } from '../expose/status.ts';
import { formatSpan } from './units.ts';

/** What a status says of acting: who leads the agents, the operation under way, and pauses. Empty where it says nothing. */
export function caretakingText(status: AsJson<Status>, nowMs: number): string {
  if (status.agents === undefined) {
    return '';
  }
  return [agentsLine(status), operationLine(status, nowMs), pauseLines(status, nowMs)].join('');
}

function agentsLine({ agents = [], leader, armed, journalConnected, members }: AsJson<Status>): string {
  const waiting = agents.filter(({ id }) => isCandidateId(id)).map(({ name }) => name);
  const more = waiting.length === 0 ? '' : ` (and ${waiting.join(', ')}, to be taken in)`;
  const beside = `${agents.length - waiting.length} of ${members.length} registered${more}`;
  const who = leader === undefined ? 'none leads' : `that beside ${leader.name} leads (epoch ${leader.epoch})`;
  const may = armed === true ? '' : '; not armed yet: they only plan';
  const old = journalConnected === false ? '; as last seen: etcd does not tell now' : '';
  return `Agents    ${beside}, ${who}${may}${old}\n`;
}

function operationLine({ operation }: AsJson<Status>, nowMs: number): string {
  if (operation === undefined) {
    return '';
  }
  const { targets, step, stepMember, detail, startedAt, stepAt, requestedBy } = operation;
  const on = targets.length === 0 ? '' : ` on ${targets.map(({ name }) => name).join(', ')}`;
  const asked = requestedBy === undefined ? '' : `, asked for by ${requestedBy}`;
  const at = stepMember === undefined ? step : `${step} ${stepMember.name}`;
  const more = detail === undefined ? '' : `: ${detail}`;
  return `Operation ${operation.operation}${on}, for ${since(startedAt, nowMs)}${asked}\n          ${at}, for ${since(stepAt, nowMs)}${more}\n`;
}

function pauseLines({ paused, pausedHere }: AsJson<Status>, nowMs: number): string {
  const everywhere =
    paused === undefined
      ? ''
      : `PAUSED    for another ${formatSpan(Math.max(0, Date.parse(paused.until) - nowMs) / 1000)}, by ${paused.by}: ${paused.reason}\n`;
  return `${everywhere}${pausedHere === undefined ? '' : `PAUSED    this agent: ${pausedHere}\n`}`;
}

/** The clocks of two machines differ: what seems to lie ahead has just begun. */
function since(iso: string, nowMs: number): string {
  return formatSpan(Math.max(0, nowMs - Date.parse(iso)) / 1000);
}
