import { AgentError } from '../../cluster/agent-error.ts';
import type { Config } from '../../config/config.ts';
import { type ConfigFlags, flagsOf } from '../config-flags.ts';

/** Which live cluster is meant, as the command line says it. */
export interface LiveFlags {
  readonly endpoint?: string;
  readonly config?: string;
  readonly set?: readonly string[];
}

/** What a configuration must have and nobody needs who only connects. */
const DISPENSABLE: ConfigFlags['flags'] = [
  ['member.name', 'live'],
  ['member.dataDir', '/var/lib/etcd'],
];

/** How to reach the live cluster, and which keys in it are the agents' own. Throws `USAGE` and `ConfigError`. */
export async function liveConfig(flags: LiveFlags, env: NodeJS.ProcessEnv): Promise<Config> {
  const { file, flags: set } = flagsOf({ ...flags });
  const { endpoint } = flags;
  const given = [...set, ...(endpoint === undefined ? [] : [['member.endpoint', endpoint] as const])];
  const isNamed = given.some(([path]) => path === 'member.endpoint') || env['ETCD_CARETAKER_MEMBER__ENDPOINT'];
  if (file === undefined && !isNamed) {
    throw new AgentError('USAGE', 'It is not said which live cluster is meant.', {
      remedy: 'Add --endpoint URL, of one of its members, or --config FILE.',
    });
  }
  const { loadConfig } = await import('../../config/load.ts');
  const { config } = await loadConfig({
    env,
    flags: file === undefined ? [...DISPENSABLE, ...given] : given,
    ...(file === undefined ? {} : { file }),
  });
  return config;
}
