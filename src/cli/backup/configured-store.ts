import type { S3Options } from '../../backup/store/s3/options.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Config } from '../../config/config.ts';

/** What an agent's configuration says of one of its stores. */
export interface ConfiguredStore {
  readonly url: string;
  readonly cluster: string;
  readonly identityFiles: readonly string[];
  readonly s3: S3Options;
  readonly backup: Config['backup'];
}

/**
 * The store that `--config` names; with several of them `--store` says which one, and it may be another one. Undefined without
 * `--config`. Throws `CONFIG_INVALID`, and `USAGE` where it is not clear which store is meant.
 */
export async function configuredStore(flags: {
  readonly config?: string;
  readonly store?: string;
}): Promise<ConfiguredStore | undefined> {
  if (flags.config === undefined) return undefined;
  const { loadConfig } = await import('../../config/load.ts');
  const { s3Options } = await import('../../agent/backup/settings.ts');
  const { config } = await loadConfig({ file: flags.config, env: process.env });
  const { backup, cluster } = config;
  const [first, second] = backup.store;
  const url = flags.store ?? first;
  if (url === undefined) {
    throw new AgentError('USAGE', `${flags.config} names no store: nothing is backed up.`, {
      remedy: 'Set backup.store there, or add --store URL.',
    });
  }
  if (flags.store === undefined && second !== undefined) {
    throw new AgentError('USAGE', `${flags.config} names ${backup.store.length} stores.`, {
      remedy: `Say which one is meant: ${backup.store.map((each) => `--store ${each}`).join(', ')}.`,
    });
  }
  const { identityFile } = backup.encryption;
  const onTrouble = (what: string, error: unknown): void =>
    void process.stderr.write(`note: ${what}: ${error instanceof Error ? error.message : String(error)}\n`);
  return {
    url,
    cluster: cluster.name,
    identityFiles: identityFile === undefined ? [] : [identityFile],
    s3: s3Options(backup, onTrouble),
    backup,
  };
}
