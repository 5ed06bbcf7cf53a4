import { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { type Format, outputOption, show } from '../show.ts';
import { spinning } from '../spinner.ts';
import { withPlace } from './opened.ts';
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
  return outputOption(policyFlags(storeFlags(command))).action(async (flags: PruneFlags) => {
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
        return await spinning('reading the store', async (spinner) => {
          if (flags.dryRun === true) return plannedReport(await planTidy(store, policy, Date.now(), signal));
          spinner.what = 'tidying up the store';
          return doneReport(await tidy(store, policy, Date.now(), signal));
        });
      },
      'one-cluster',
    );
    const exitCode = report.denied.length > 0 || report.notCooled.length > 0 ? exitCodes.fault : exitCodes.fine;
    await show({ text: (look) => pruneText(report, look), data: plain(report), exitCode }, flags.output);
  });
}
