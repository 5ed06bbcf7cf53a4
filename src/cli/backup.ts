import { Command, Option } from 'commander';
import { untilInterrupted } from './backup/interrupted.ts';
import { listText } from './backup/list-text.ts';
import { plain } from './backup/plain.ts';
import { ProgressBar } from './backup/progress-bar.ts';
import { openPlace, type StoreFlags, storeFlags } from './backup/store-flags.ts';
import { verifyText } from './backup/verify-text.ts';
import { exitCodes } from './exit-codes.ts';
import { printed } from './printed.ts';

type Format = 'table' | 'json' | 'yaml';

interface BackupFlags extends StoreFlags {
  readonly output: Format;
}

/** `backup`: what lies in a store. */
export function backupCommand(): Command {
  return new Command('backup')
    .description('what is in a backup store, and whether it is whole')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(verifyCommand())
    .addHelpText('after', '\nExample:\n  etcd-caretaker backup list --store file:///var/backups/etcd');
}

function listCommand(): Command {
  const command = new Command('list')
    .description('the chains: each full snapshot, and how far segments go on from it')
    .addHelpText('after', '\nExample:\n  etcd-caretaker backup list --store s3://backups/etcd --cluster prod');
  return outputFlag(storeFlags(command)).action(async (flags: BackupFlags) => {
    const { listChains } = await import('../backup/list-chains.ts');
    const listing = await reading(flags, ({ store }, signal) => listChains(store, signal));
    process.stdout.write(
      flags.output === 'table' ? listText(listing, Date.now()) : await printed(plain(listing), flags.output),
    );
  });
}

function showCommand(): Command {
  const command = new Command('show')
    .description('the manifest of one object: of a full snapshot by its revision, or of anything by its key')
    .argument('<object>', 'a revision, or a key such as full/….json or delta/….delta.zst')
    .addHelpText('after', '\nExample:\n  etcd-caretaker backup show 104200 --store file:///var/backups/etcd');
  return storeFlags(command)
    .addOption(new Option('-o, --output <format>', 'format of the output').choices(['json', 'yaml']).default('yaml'))
    .action(async (object: string, flags: StoreFlags & { readonly output: 'json' | 'yaml' }) => {
      const { readAnyManifest } = await import('../backup/show-manifest.ts');
      const manifest = await reading(flags, ({ store }, signal) => readAnyManifest(store, object, signal));
      process.stdout.write(await printed(plain(manifest), flags.output));
    });
}

function verifyCommand(): Command {
  const command = new Command('verify')
    .description('read every byte in the store: hashes, manifests, gaps, duplicates')
    .addHelpText(
      'after',
      `
What is encrypted is opened with --identity-file; without one only the hash of what is stored is checked, which it says.
Exit code 1: something is broken or missing.

Example:
  etcd-caretaker backup verify --store file:///var/backups/etcd`,
    );
  return outputFlag(storeFlags(command)).action(async (flags: BackupFlags) => {
    const { verifyStore } = await import('../backup/verify/verify-store.ts');
    const report = await reading(flags, async ({ store, decryption }, signal) => {
      using bar = new ProgressBar();
      const onProgress = (progress: { readonly done: number; readonly total: number }): void =>
        bar.show({ what: 'reading', unit: 'bytes', ...progress });
      return await verifyStore({ store, onProgress, ...(decryption === undefined ? {} : { decryption }) }, signal);
    });
    process.stdout.write(flags.output === 'table' ? verifyText(report) : await printed(plain(report), flags.output));
    const isFaulty = report.findings.some(({ severity }) => severity === 'fault');
    process.exitCode = isFaulty ? exitCodes.fault : exitCodes.fine;
  });
}

function outputFlag(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
  );
}

/** Runs `work` on the timeline that the flags name; Ctrl-C ends it. */
async function reading<T>(
  flags: StoreFlags,
  work: (place: Awaited<ReturnType<typeof openPlace>>, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await untilInterrupted('It was not read to the end.', async (signal) => {
    await using place = await openPlace(flags, signal);
    return await work(place, signal);
  });
}
