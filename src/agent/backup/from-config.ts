import type { Config } from '../../config/config.ts';
import { journalKeys } from '../../journal/keys.ts';
import type { Observer } from '../observer.ts';
import { BackupDuty } from './duty.ts';
import type { BackupEvents, BackupKeeperOptions } from './options.ts';
import { snapshotSource } from './snapshot-source.ts';

/**
 * What backs up for an agent with this configuration; undefined where it is to do nothing. Its owner disposes of it.
 * `differing` gives the ids of the members whose data differ from the majority's, by the newest hash check.
 */
export function backupDuty(
  config: Config,
  { pool, runner }: Pick<Observer, 'pool' | 'runner'>,
  { differing, ...events }: BackupEvents & { readonly differing: () => ReadonlySet<string> },
): BackupDuty | undefined {
  const { backup, cluster, member, mode } = config;
  const isOff = backup.full.mode !== 'auto' && backup.delta.mode !== 'auto';
  if (mode === 'plan' || backup.store.length === 0 || isOff) return undefined;
  const snapshotClient: BackupKeeperOptions['snapshotClient'] = (ownId) => {
    const source = snapshotSource(runner.observation.sections.cluster?.value, ownId, differing());
    const url = source?.clientUrls[0];
    if (source === undefined || url === undefined || source.id === ownId) return pool.own;
    const client = pool.of(url);
    return {
      // Clients of others are named by their endpoints.
      member: source.name,
      status: (signal) => client.status(signal),
      snapshot: (signal) => client.snapshot(signal),
      range: (request, signal) => client.range(request, signal),
    };
  };
  return new BackupDuty({
    config: backup,
    clusterName: cluster.name,
    member: member.name,
    client: pool.own,
    keys: journalKeys(cluster.keyPrefix),
    snapshotClient,
    events,
  });
}
