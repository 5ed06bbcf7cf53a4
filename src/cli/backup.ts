import { Command, Option } from 'commander';
import { diffCommand } from './backup/diff.ts';
import { historyCommand } from './backup/history.ts';
import { holdCommand, releaseCommand } from './backup/hold.ts';
import { listCommand } from './backup/list.ts';
import { withPlace } from './backup/opened.ts';
import { plain } from './backup/plain.ts';
import { pruneCommand } from './backup/prune.ts';
import { type StoreFlags, storeFlags } from './backup/store-flags.ts';
import { verifyCommand } from './backup/verify.ts';
import { printed } from './printed.ts';

/** `backup`: what lies in a store, whether it is whole, and what stays of it. */
export function backupCommand(): Command {
  return new Command('backup')
    .description('what is in a backup store, whether it is whole, and what stays of it')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(verifyCommand())
    .addCommand(diffCommand())
    .addCommand(historyCommand())
    .addCommand(holdCommand())
    .addCommand(releaseCommand())
    .addCommand(pruneCommand())
    .addHelpText('after', '\nExample:\n  etcd-caretaker backup list --store file:///var/backups/etcd');
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
      const manifest = await withPlace(flags, 'It was not read to the end.', ({ store }, signal) =>
        readAnyManifest(store, object, signal),
      );
      process.stdout.write(await printed(plain(manifest), flags.output));
    });
}
