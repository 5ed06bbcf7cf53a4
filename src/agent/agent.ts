import type { Fault, Observation, SectionName } from '../cluster/observation.ts';
import type { Config } from '../config/config.ts';
import { createRegistry } from '../expose/registry.ts';
import { type HttpServer, startServer } from '../expose/server.ts';
import { buildObserver } from './observer.ts';
import type { Releasers } from './releasers.ts';

/** What the agent tells as it happens; the log writes it down. */
export interface AgentEvents {
  readonly onFault: (collector: SectionName, fault: Fault) => void;
  readonly onRecovery: (collector: SectionName) => void;
  readonly onObservation?: (observation: Observation) => void;
  readonly onReload: (what: 'tls' | 'token', error: Error | undefined) => void;
  readonly onFailure: (what: string, error: unknown) => void;
}

/** A running agent. */
export interface Agent {
  readonly observation: () => Observation;
  readonly server: HttpServer;
}

/** An observation older than this many intervals is no longer one: `/readyz` says so. */
const staleAfterIntervals = 6;

/**
 * Builds the agent from its configuration and starts it. Whatever it opens goes onto the stack of releasers as it is
 * opened, so a failure half way leaves nothing behind: the caller releases in any case.
 *
 * The order matters: collectors first, the server last, so that what is answered has something behind it.
 */
export async function startAgent(
  config: Config,
  options: { readonly events: AgentEvents; readonly socketPath?: string },
  releasers: Releasers,
): Promise<Agent> {
  const { events, socketPath } = options;
  const { runner, close } = await buildObserver(config, events);
  releasers.push('observer', close);
  const observation = (): Observation => runner.observation;
  const registry = createRegistry({
    observation,
    onError: (metric, error) => events.onFailure(`metric ${metric}`, error),
  });
  const { listen, advertise, tls, auth } = config.expose;
  const { cert, key, clientCa } = tls;
  const server = await startServer({
    listen,
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(advertise === undefined ? {} : { advertise }),
    ...(cert === undefined || key === undefined
      ? {}
      : { tls: { cert, key, ...(clientCa === undefined ? {} : { clientCa }) } }),
    ...(auth.tokenFile === undefined ? {} : { tokenFile: auth.tokenFile }),
    observation,
    registry,
    staleAfterMs: staleAfterIntervals * config.observe.intervalMs,
    onReload: events.onReload,
    onListenerError: (where, error) => events.onFailure(`listener ${where}`, error),
    onFailure: ({ id, method, path, error }) => events.onFailure(`${method} ${path} (${id})`, error),
  });
  releasers.push('HTTP server', () => server.close());
  runner.start();
  return { observation, server };
}
