import { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { printed } from '../printed.ts';
import { type Format, outputFlag, withPlace } from './opened.ts';
import { plain } from './plain.ts';
import { type PolicyFlags, policyFlags, policyOf } from './policy-flags.ts';
import { type StoreFlags, storeFlags } from './store-flags.ts';

interface PruneFlags extends StoreFlags, PolicyFlags {
  readonly dryRun?: boolean;
  readonly output: Format;
}

/** `backup prune`: what retention does, once and now. */
export function pruneCommand(): Command {
  const command = new Command('prune')
    .description('take away what retention does not keep, and say of every object why it stays or goes')
    .option('--dry-run', 'only say what would be done')
    .addHelpText(
      'after',
      `
The newest chain stays, the newest verified one with everything behind it, and what is held, whatever the flags say. Without
--config and flags the defaults of the configuration hold (backup.retention). In a bucket it also moves what is old to another
storage class, where one is named, and takes away uploads that never ended.
Exit code 1: the store did not let go of something, or did not move it.

Examples:
  etcd-caretaker backup prune --dry-run --config /etc/etcd-caretaker/agent.yaml
  etcd-caretaker backup prune --store file:///var/backups/etcd --keep-all 2d --hourly 0 --daily 30`,
    );
  return outputFlag(policyFlags(storeFlags(command))).action(async (flags: PruneFlags) => {
    const { planTidy, tidy } = await import('../../backup/retention/tidy.ts');
    const { doneReport, plannedReport } = await import('./prune-report.ts');
    const { pruneText } = await import('./prune-text.ts');
    const unfinished =
      flags.dryRun === true ? 'Nothing was taken away.' : 'It was not done to the end: run it again to go on.';
    const report = await withPlace(
      flags,
      unfinished,
      async ({ store, config }, signal) => {
        const policy = await policyOf(flags, config);
        return flags.dryRun === true
          ? plannedReport(await planTidy(store, policy, Date.now(), signal))
          : doneReport(await tidy(store, policy, Date.now(), signal));
      },
      'one-cluster',
    );
    process.stdout.write(flags.output === 'table' ? pruneText(report) : await printed(plain(report), flags.output));
    const isRefused = report.denied.length > 0 || report.notCooled.length > 0;
    process.exitCode = isRefused ? exitCodes.fault : exitCodes.fine;
  });
}
