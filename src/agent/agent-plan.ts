import type { Config, LoadedConfig } from '../config/config.ts';

/** All that a running agent needs to know of its configuration: plain data, no secrets, only paths to them. */
export interface AgentPlan {
  readonly config: Config;
  /** Somebody asked for the Unix socket; else its path was derived and it is a convenience. */
  readonly socketRequired: boolean;
}

/** The plan of a configuration that has been read and checked. */
export function planOf({ config, origins }: LoadedConfig): AgentPlan {
  const origin = origins.get('expose.socket');
  return { config, socketRequired: !(typeof origin === 'object' && 'derivedFrom' in origin) };
}
