import { faultOf } from '../cluster/agent-error.ts';
import type { AgentClient } from './agent-client.ts';
import { type Note, noteOnStderr } from './note.ts';

/** The agents that may be asked, at least one. */
export type Agents = readonly [AgentClient, ...AgentClient[]];

/** Codes with which an agent has done nothing, while another one may be able to. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'AGENT_UNREACHABLE',
  'LEADER_HAS_NO_URL',
  'MEMBERS_UNKNOWN',
  'NOT_ACTING',
  'NOT_ACTING_YET',
  'NOT_LEADER',
  'RECOVERY_NOT_HERE',
]);

/**
 * What the first agent answers that can be reached and is the one to ask; they are asked one after another, with a note (on
 * stderr) about each that was not. A refusal is an answer too; and where the outcome is unknown no other one is asked, so that
 * nothing is asked for twice. Throws what the last one failed with.
 */
export async function askOne<T>(
  [agent, next, ...others]: Agents,
  ask: (agent: AgentClient) => Promise<T>,
  note: Note = noteOnStderr,
): Promise<T> {
  try {
    return await ask(agent);
  } catch (error) {
    const { code, message } = faultOf(error);
    if (next === undefined || !ELSEWHERE.has(code)) throw error;
    note(message);
    return await askOne([next, ...others], ask, note);
  }
}
