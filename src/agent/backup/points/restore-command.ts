import type { Config } from '../../../config/config.ts';

/** What stands in a command in place of a time. */
const TIME = '{time}';
/** Where the packages' manuals put the agent's configuration. */
const CONFIG_FILE = '/etc/etcd-caretaker/agent.yaml';

/**
 * The command that restores from a store into a new data dir, with `{time}` where the time goes. It holds no secret: where the store or what
 * lies in it needs some, files of the configuration are named.
 */
export function restoreCommand(
  backup: Pick<Config['backup'], 's3' | 'encryption'>,
  of: { readonly store: string; readonly cluster: string; readonly timeline: string },
): string {
  const place = ['--cluster', of.cluster, '--timeline', of.timeline];
  const words = [
    ...['etcd-caretaker', 'restore', '--store', of.store, ...place],
    ...accessFlags(backup, of.store),
    ...['--to-time', TIME, '--data-dir', './restored'],
  ];
  return words.map(quoted).join(' ');
}

function accessFlags({ s3, encryption }: Pick<Config['backup'], 's3' | 'encryption'>, store: string): string[] {
  const isBucket = store.startsWith('s3:');
  if (isBucket && (s3.accessKeyIdFile !== undefined || s3.sseCustomerKeyFile !== undefined)) {
    return ['--config', CONFIG_FILE];
  }
  const identity = encryption.identityFile === undefined ? [] : ['--identity-file', encryption.identityFile];
  if (!isBucket) return identity;
  return [
    ...flag('--s3-endpoint', s3.endpoint),
    ...flag('--s3-region', s3.region),
    ...(s3.pathStyle ? ['--s3-path-style'] : []),
    ...flag('--s3-ca', s3.ca),
    ...flag('--s3-proxy', s3.proxy),
    ...identity,
  ];
}

function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

/** A word for a POSIX shell. */
function quoted(word: string): string {
  return word === TIME || /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
