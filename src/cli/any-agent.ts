import { faultOf } from '../cluster/agent-error.ts';
import type { AgentClient } from './agent-client.ts';

/** The agents that may be asked, at least one. */
export type Agents = readonly [AgentClient, ...AgentClient[]];

/**
 * What the first agent answers that can be reached; they are asked one after another, with a note on stderr about each
 * that could not be reached. A refusal is an answer too; and where the outcome is unknown no other one is asked, so that
 * nothing is asked for twice. Throws what the last one failed with.
 */
export async function askOne<T>([agent, next, ...others]: Agents, ask: (agent: AgentClient) => Promise<T>): Promise<T> {
  try {
    return await ask(agent);
  } catch (error) {
    const { code, message } = faultOf(error);
    if (next === undefined || code !== 'AGENT_UNREACHABLE') throw error;
    process.stderr.write(`note: ${message}\n`);
    return await askOne([next, ...others], ask);
  }
}
