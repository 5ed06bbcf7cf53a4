import { Command, Option } from 'commander';
import { untilInterrupted } from './backup/interrupted.ts';
import { plain } from './backup/plain.ts';
import { ProgressBar } from './backup/progress-bar.ts';
import { openPlace, type StoreFlags, storeFlags } from './backup/store-flags.ts';
import { exitCodes } from './exit-codes.ts';
import { type InPlaceFlags, inPlaceFlags, isInPlace, restoreInPlace } from './restore/in-place.ts';
import { type OutputFlags, outputOf } from './restore/outputs.ts';
import { type PointFlags, parseRevision, parseTime, pointOf } from './restore/point.ts';
import { isIntoLive, type PrefixFlags, prefixFlags } from './restore/prefix-flags.ts';
import { restoreProgress } from './restore/restore-progress.ts';
import { resultText } from './restore/result-text.ts';
import { sourceOf } from './restore/source.ts';
import { show } from './show.ts';
import { spinning } from './spinner.ts';

interface RestoreFlags extends Omit<StoreFlags, 'cluster'>, PointFlags, OutputFlags, PrefixFlags, InPlaceFlags {
  /** True where no name was given: the whole running cluster is restored in place. */
  readonly cluster?: string | true;
  readonly quarantine?: boolean;
  readonly bin?: string;
  readonly bumpRevision?: boolean;
  readonly format: 'table' | 'json' | 'yaml';
}

/** `restore`: a data dir, a snapshot file, a subtree of a live cluster, or all of it in place, as of any point that the store holds. */
export function restoreCommand(): Command {
  const command = new Command('restore')
    .description(
      'bring back a data dir, a snapshot file, one prefix of a live cluster, or all of it in place, as of any point in the store',
    )
    .addOption(new Option('--to <point>', 'the newest revision that there is (the default)').choices(['latest']))
    .option('--to-revision <n>', 'exactly this revision', parseRevision)
    .option(
      '--to-time <time>',
      'what was written until then: 2026-01-31T12:00:00Z, or 5m for five minutes ago',
      (text) => parseTime(text),
    )
    .option('--before-delete <key>', 'the revision before the last one that deleted this key')
    .option(
      '--data-dir <folder>',
      "make a member's data dir here; with several members in --initial-cluster, one for each",
    )
    .option('--wal-dir <folder>', 'its WAL here, as etcd has it with --wal-dir (default: in the data dir)')
    .option('--output <file>', 'make a snapshot file instead')
    .option('--name <name>', 'of the member (as in etcdutl)')
    .option('--initial-cluster <list>', 'm1=http://10.0.0.1:2380,m2=… (as in etcdutl)')
    .option(
      '--initial-cluster-token <token>',
      'of the new cluster; default: one of its own for what is restored, so that it gets another cluster id',
    )
    .option('--initial-advertise-peer-urls <list>', 'of the member (as in etcdutl)')
    .option('--quarantine', 'move a data dir that is there to DATA-DIR.quarantine-TIME; refused while etcd uses it')
    .option('--bump-revision', 'raise the revision and mark all before it as compacted (default: for Kubernetes)')
    .option('--no-bump-revision', 'do not, for Kubernetes either')
    .option('--bin <folder>', 'where etcd and etcdutl are (default: ETCD_BIN, else PATH)')
    .addOption(
      new Option('-o, --format <format>', 'format of what is printed')
        .choices(['table', 'json', 'yaml'])
        .default('table'),
    );
  const cluster = new Option(
    '--cluster [name]',
    'of this cluster (default: the only one); without a name: take the whole running cluster back, in place',
  );
  return inPlaceFlags(prefixFlags(storeFlags(command, cluster)))
    .addHelpText(
      'after',
      `
It asks no agent, and changes no cluster but with --apply. What came after the full snapshot is made again in a scratch etcd
on this machine, so that all revisions, versions and leases are what they were. Nothing that is there is overwritten, and
whatever ends it leaves nothing half done. Exit codes: 0 restored; 1 restored, but something that was asked for is lost,
or it failed; 2 the command line; 3 the store, the live cluster or etcd's tools cannot be reached.

With --prefix one subtree of a live cluster is compared with the store, and with --apply written back: only keys that are
still as they were when they were looked at (the others are conflicts: exit code 1), and what is replaced is kept in a
file for --undo. Keys under a lease are left out: their owners are gone, or hold another one. Run it again if it was
stopped: what is equal is not written. TLS and users of the cluster: --config, or --set cluster.tls.ca=FILE and so on.

With --cluster and no name the agents of a running cluster are asked, and with --apply take all of it back to that point: all
members are stopped, one is restored from the agents' store, and the others join it. Without --apply the plan is shown: what
is taken back. Old data dirs are kept in quarantine. It is what \`etcd-caretaker recover --to-revision\` does.

Examples:
  etcd-caretaker restore --store file:///var/backups/etcd --to-time 5m --data-dir /var/lib/etcd --quarantine
  etcd-caretaker restore --store s3://backups/etcd --before-delete /registry/secrets/default/db --output before.db
  etcd-caretaker restore --store file:///var/backups/etcd --data-dir ./new --initial-cluster m1=http://10.0.0.1:2380,m2=http://10.0.0.2:2380
  etcd-caretaker restore --store file:///var/backups/etcd --to-time 5m --prefix /registry/configmaps/prod/ --endpoint http://127.0.0.1:2379
  etcd-caretaker restore --cluster --to-time 5m
  etcd-caretaker restore --cluster --to-time 2026-01-31T12:00:00Z --apply`,
    )
    .action(run);
}

async function run(given: RestoreFlags, command: Command): Promise<void> {
  if (isInPlace(command)) return await restoreInPlace(given);
  const { cluster, ...rest } = given;
  const flags = { ...rest, ...(typeof cluster === 'string' ? { cluster } : {}) };
  if (isIntoLive(flags)) {
    const { restoreIntoLive } = await import('./restore/prefix-run.ts');
    return await restoreIntoLive(flags);
  }
  const target = pointOf(flags);
  const output = outputOf(flags);
  const { findBinaries } = await import('../distribution/find-binaries.ts');
  const binaries = findBinaries(process.env, flags.bin);
  const { restore } = await import('../backup/restore/restore.ts');
  const { refuseRunning: refuseInUse } = await import('./restore/refuse-running.ts');
  const result = await untilInterrupted('Nothing was restored, and nothing is left of it.', async (signal) => {
    await using place = await spinning('looking into the store', () => openPlace(flags, 'one-cluster', signal));
    using bar = new ProgressBar();
    const { quarantine = false, bumpRevision } = flags;
    const { store, decryption } = place;
    const restored = await restore(
      {
        ...{ store, target, output, binaries, quarantine, refuseInUse },
        ...(decryption === undefined ? {} : { decryption }),
        ...(bumpRevision === undefined ? {} : { bumpRevision }),
        onProgress: (progress) => bar.show(restoreProgress(progress)),
      },
      signal,
    );
    return { ...restored, from: sourceOf(place, restored) };
  });
  const exitCode = result.lost === undefined ? exitCodes.fine : exitCodes.fault;
  await show({ text: (look) => resultText(result, Date.now(), look), data: plain(result), exitCode }, flags.format);
}
