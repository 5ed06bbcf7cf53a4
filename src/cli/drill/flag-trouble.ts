import { refusedBy } from '../../agent/drill/refused-by.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import { type LiveFlags, liveConfig } from '../restore/live-config.ts';

/**
 * A sentence, where an etcd does not take the flags that an agent with this configuration would start it with; undefined where it does.
 * Throws `USAGE` where no flags are in the configuration, and `ConfigError`.
 */
export async function flagTrouble(
  named: LiveFlags,
  program: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const { config } = named;
  if (config === undefined) throw noFlags('no --config was given');
  const loaded = await liveConfig({ ...named, config }, env);
  const { supervise } = loaded;
  if (supervise.kind !== 'child' && supervise.kind !== 'statefulset') {
    throw noFlags(`with supervise.kind ${supervise.kind} they are not in ${config}`);
  }
  const line = await refusedBy(program, loaded, env, AbortSignal.timeout(60_000));
  return line === undefined ? undefined : `${program} does not take the flags in ${config}: ${line}`;
}

function noFlags(why: string): AgentError {
  return new AgentError('USAGE', `--try-flags needs the flags of etcd: ${why}.`, {
    remedy: 'Name the configuration of an agent that starts etcd itself (supervise.kind: child or statefulset).',
  });
}
