import type { Store } from '../../backup/store/store.ts';
import type { BackupKeeperOptions } from './options.ts';

/** What a person should know of backups as they are configured, each one sentence: said once, when an agent first leads. */
export function noticesOf(config: BackupKeeperOptions['config'], stores: readonly Pick<Store, 'kind'>[]): string[] {
  if (config.delta.mode !== 'auto') return [];
  const { mode, identityFile } = config.encryption;
  return [
    ...(mode === 'age' && identityFile === undefined
      ? ['segments are not merged without backup.encryption.identityFile: there are as many as were written']
      : []),
    ...(config.spool.dir === undefined && stores.some(({ kind }) => kind === 'remote')
      ? ['changes wait for the stores in memory, which is little: set backup.spool.dir for a remote store']
      : []),
  ];
}
