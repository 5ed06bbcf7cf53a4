import { BackupKeeper } from '../../../src/agent/backup/keeper.ts';
import { faultOf } from '../../../src/cluster/agent-error.ts';
import type { BackupView } from '../../../src/cluster/backup-view.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { MemberClient } from '../../../src/etcd/member-client.ts';
import { journalKeys } from '../../../src/journal/keys.ts';
import { forcedTerm } from '../../journal/journal-on-etcd.ts';

const keys = journalKeys('/etcd-caretaker/');

/** Backups of a cluster, begun under a term of their own; disposing of them ends the term's work. */
export interface Keeping extends AsyncDisposable {
  readonly keeper: BackupKeeper;
  /** Codes of what was not possible, with what it was. */
  readonly faults: readonly string[];
  view(): BackupView;
  /** The first term is lost. */
  endTerm(): void;
}

/** Begins them, of the one member behind the client. @param set keys of the configuration, without `backup.` */
export async function keeping(
  client: MemberClient,
  dataDir: string,
  set: Readonly<Record<string, string>>,
): Promise<Keeping> {
  const backup = Object.entries(set).map(([key, value]) => [`backup.${key}`, value] as const);
  const { config } = await loadConfig({
    env: {},
    flags: {
      'member.name': 'm1',
      'member.endpoint': client.endpoint,
      'member.dataDir': dataDir,
      'cluster.name': 'prod',
      'backup.delta.interval': '200ms',
      ...Object.fromEntries(backup),
    },
  });
  const faults: string[] = [];
  const keeper = new BackupKeeper({
    config: config.backup,
    ...{ clusterName: 'prod', member: 'm1', client, keys },
    snapshotClient: () => client,
    events: {
      log: () => undefined,
      onFault: (what, error) => void faults.push(`${faultOf(error).code} ${what}`),
      onChange: () => undefined,
    },
  });
  const ending = new AbortController();
  keeper.begin({ ...(await forcedTerm(client, keys)), lost: ending.signal });
  return {
    ...{ keeper, faults, view: () => keeper.view(), endTerm: () => ending.abort() },
    [Symbol.asyncDispose]: () => keeper[Symbol.asyncDispose](),
  };
}
