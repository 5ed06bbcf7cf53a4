import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Agents } from '../any-agent.ts';
import { type Parts, withEvent } from './parts.ts';
import type { Seen } from './seen.ts';

/** An agent that says nothing for so long, not even that it is there, is taken for gone; it gives a sign of life every 10 s. */
const SILENCE_MS = 40_000;
const RETRY_MS = 1000;

/**
 * What the agents' streams say, again with everything that comes, and with a fault when it stops: then the next agent is asked, and so on
 * around. Each starts anew, so that nothing of one stands among what another says. Throws what the first agent failed with where none could
 * be reached at the beginning, and the signal's reason when that is aborted.
 */
export async function* watch(agents: Agents, signal: AbortSignal): AsyncGenerator<Seen, never, undefined> {
  let seen: Seen | undefined;
  let firstError: unknown;
  /** Agents that were asked in vain since something came. */
  let inVain = 0;
  for (let turn = 0; ; turn += 1) {
    const agent = agents[turn % agents.length] ?? agents[0];
    try {
      let parts: Parts = {};
      for await (const event of agent.events('/api/v1/stream', { silenceMs: SILENCE_MS, signal })) {
        if (event !== undefined) parts = withEvent(parts, event);
        if (parts.status === undefined) continue;
        inVain = 0;
        seen = { agent: agent.url, parts, heardAtMs: Date.now() };
        yield seen;
      }
      throw new AgentError('AGENT_UNREACHABLE', `The agent at ${agent.url} has ended the stream.`);
    } catch (error) {
      signal.throwIfAborted();
      firstError ??= error;
      inVain += 1;
      if (seen === undefined && inVain >= agents.length) throw firstError;
      if (seen !== undefined) {
        seen = { ...seen, fault: faultOf(error) };
        yield seen;
      }
    }
    // The next one is asked at once; all of them again only after a while.
    if (inVain >= agents.length) await sleep(RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
