import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { DrillOptions, DrillResult } from '../backup/drill.ts';
import type { RestoreProgress } from '../backup/restore/restored-scratch.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { untilInterrupted } from './backup/interrupted.ts';
import { plain } from './backup/plain.ts';
import { ProgressBar } from './backup/progress-bar.ts';
import { openPlace, type StoreFlags, storeFlags } from './backup/store-flags.ts';
import { setFlag } from './config-flags.ts';
import { drillText } from './drill/drill-text.ts';
import { exitCodes } from './exit-codes.ts';
import type { Look } from './look.ts';
import { type LiveFlags, liveConfig } from './restore/live-config.ts';
import { restoreProgress } from './restore/restore-progress.ts';
import { type Format, outputOption, show } from './show.ts';
import { spinning } from './spinner.ts';

interface DrillFlags extends StoreFlags, LiveFlags {
  readonly config?: string;
  readonly compare: boolean;
  readonly dir?: string;
  readonly bin?: string;
  readonly mark: boolean;
  readonly tryFlags?: boolean;
  readonly requireRestore?: boolean;
  readonly output: Format;
}

/** `drill --once`: a drill on any machine. */
export function drillCommand(): Command {
  const command = new Command('drill')
    .description('restore the newest chain for real, on this machine, and compare it with the cluster')
    .addOption(
      new Option('--once', 'one drill, now (those of the schedule are made by the agents)').makeOptionMandatory(),
    )
    .option('--endpoint <url>', 'client URL of the member to compare with (or that of --config)')
    .option('--no-compare', 'only restore it: no cluster is asked')
    .option('--no-mark', 'do not mark the chain in the store as proven')
    .option('--dir <folder>', "for the restored copy, three times the database (default: the system's for such)")
    .option('--try-flags', 'first see whether this etcd takes the flags of --config (supervise.child.args)')
    .option('--require-restore', 'do not pass where an encrypted chain could only be checked by its hashes')
    .option('--bin <folder>', 'where etcd and etcdutl are (default: ETCD_BIN, else PATH)');
  return setFlag(storeFlags(outputOption(command)))
    .addHelpText(
      'after',
      `
While the member computes its hash nobody writes through it: without --endpoint it is a follower, where there is one. Nothing in the cluster is changed, and
nothing is left on this machine. Exit codes: 0 it passed; 1 the chain does not stand up to it; 2 the command line; 3 there is no room
here, or the store, the cluster or etcd's tools cannot be reached.

With --bin of another etcd it rehearses an upgrade: whether that one makes of the newest chain what the cluster has, and takes the members' flags.

Examples:
  etcd-caretaker drill --once --config /etc/etcd-caretaker/agent.yaml
  etcd-caretaker drill --once --store s3://backups/etcd --identity-file key.txt --no-compare
  etcd-caretaker drill --once --config agent.yaml --try-flags --require-restore --bin /opt/etcd/3.5.30 --no-mark`,
    )
    .action(run);
}

async function run(flags: DrillFlags): Promise<void> {
  const config = flags.compare ? await liveConfig(flags, process.env) : undefined;
  const { findBinaries } = await import('../distribution/find-binaries.ts');
  const binaries = findBinaries(process.env, flags.bin);
  const { drill } = await import('../backup/drill.ts');
  const { followerFirst } = await import('./drill/follower-first.ts');
  const { withAnsweringMember } = await import('./answering-member.ts');
  if (flags.tryFlags === true) {
    const { flagTrouble } = await import('./drill/flag-trouble.ts');
    const trouble = await flagTrouble(flags, binaries.etcd, process.env);
    if (trouble !== undefined) {
      const result: DrillResult = { outcome: 'failed', reasons: [{ code: 'FLAG_REMOVED', message: trouble }] };
      const text = (look: Look): string => drillText(result, binaries.etcd, look);
      await show({ text, data: plain(result), exitCode: exitCodes.fault }, flags.output);
      return;
    }
  }
  const folder = resolve(flags.dir ?? join(tmpdir(), 'etcd-caretaker-drill'));
  const { result, url, unmarked } = await untilInterrupted('Nothing is left of it.', async (signal) => {
    await using place = await spinning('looking into the store', () => openPlace(flags, 'one-cluster', signal));
    using bar = new ProgressBar();
    const { store, decryption } = place;
    const onProgress = (progress: RestoreProgress): void => bar.show(restoreProgress(progress));
    const made = async (live?: MemberClient): Promise<DrillResult> => {
      const options: DrillOptions = {
        ...{ store, binaries, folder, onProgress, niceness: 0 },
        onSwept: (folders) =>
          void process.stderr.write(`note: removed what drills that were killed had left: ${folders.join(', ')}\n`),
        ...(live === undefined ? {} : { live }),
        ...(decryption === undefined ? {} : { decryption }),
      };
      return await drill(options, signal);
    };
    const asked = config === undefined || flags.endpoint !== undefined ? config : await followerFirst(config, signal);
    const done = asked === undefined ? await made() : await withAnsweringMember(asked, made, signal);
    const mark = flags.mark && done.outcome === 'passed' ? done.proof.full : undefined;
    const { markProven } = await import('../backup/drill/mark-proven.ts');
    const problem = mark === undefined ? undefined : await markProven(store, mark, signal);
    const judged = flags.requireRestore === true ? restoredOrFailed(done) : done;
    return { result: judged, url: store.url, unmarked: problem };
  });
  if (unmarked !== undefined)
    process.stderr.write(`note: it could not be marked as proven in the store: ${unmarked}\n`);
  const exitCode = {
    passed: exitCodes.fine,
    'hashes-only': exitCodes.fine,
    failed: exitCodes.fault,
    skipped: exitCodes.unreachable,
  }[result.outcome];
  await show({ text: (look) => drillText(result, url, look), data: plain(result), exitCode }, flags.output);
}

/** Whoever goes by a drill as by a gate learns nothing of hashes: no etcd has read the chain. */
function restoredOrFailed(result: DrillResult): DrillResult {
  if (result.outcome !== 'hashes-only') return result;
  const message = `The newest chain, from ${result.full}, is encrypted, and there is no identity to decrypt it with (--identity-file, backup.encryption.identityFile): nothing was restored.`;
  return { outcome: 'failed', reasons: [{ code: 'DRILL_HASHES_ONLY', message }] };
}
