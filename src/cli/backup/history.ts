import { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { parseKey } from '../key-argument.ts';
import { show } from '../show.ts';
import { historyReport, historyText } from './history-text.ts';
import { plain } from './plain.ts';
import { readPlace } from './read-place.ts';
import { type ReadingFlags, readingFlags } from './reading-flags.ts';

interface HistoryFlags extends ReadingFlags {
  readonly showValues?: boolean;
}

/** `backup history`: every revision of a key that a store still knows. */
export function historyCommand(): Command {
  const command = new Command('history')
    .description('every revision of one key that the store still knows')
    .argument('<key>', 'the key; \\xNN stands for a byte, as the other commands print it', parseKey)
    .option('--show-values', 'the values too, which may be secrets');
  return readingFlags(command, 'revisions, the newest ones', 100)
    .addHelpText(
      'after',
      `
It needs neither etcd nor an agent. It reads all segments, and of the full snapshots those that tell what no segment does: in a
store without gaps, the oldest one, which lies in --work-folder meanwhile, decrypted and without a name. Of which revisions
the store does not know everything is said. A time with <= before it is when it had happened at the latest. Values are
printed with --show-values only. Exit code 1: something in the store is broken.

Examples:
  etcd-caretaker backup history /registry/deployments/default/web --store file:///var/backups/etcd
  etcd-caretaker backup history /config/limits --show-values -o json --store s3://backups/etcd`,
    )
    .action(async (key: Buffer, flags: HistoryFlags) => {
      const { keyHistory } = await import('../../backup/compare/key-history.ts');
      const values = flags.showValues === true;
      const history = await readPlace(flags, (options, signal) =>
        keyHistory({ ...options, key, limit: flags.limit, values }, signal),
      );
      const exitCode = history.avoided.length > 0 ? exitCodes.fault : exitCodes.fine;
      const data = plain(historyReport(history));
      await show({ text: (look) => historyText(history, look), data, exitCode }, flags.output);
    });
}
