import { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { parseKey } from '../key-argument.ts';
import { show } from '../show.ts';
import { parsePoint } from './diff-point.ts';
import { diffReport } from './diff-report.ts';
import { diffText } from './diff-text.ts';
import { plain } from './plain.ts';
import { readPlace } from './read-place.ts';
import { parseCount, type ReadingFlags, readingFlags } from './reading-flags.ts';

interface DiffFlags extends ReadingFlags {
  readonly prefix?: Buffer;
  readonly depth: number;
  readonly showKeys?: boolean;
}

/** `backup diff`: what became of the keys between two points of a store. */
export function diffCommand(): Command {
  const command = new Command('diff')
    .description('what was added, removed, changed and grew between two points, by prefix and by Kubernetes resource')
    .argument('<from>', 'a revision, a time (2026-01-31T12:00:00Z, or 5m for five minutes ago) or latest', parsePoint)
    .argument('<to>', 'the later point', parsePoint)
    .option('--prefix <prefix>', 'only keys that begin with it; \\xNN stands for a byte', parseKey)
    .option('--depth <n>', 'path elements of the prefixes', parseCount, 2)
    .option('--show-keys', 'the changed keys too, one by one');
  return readingFlags(command, 'rows of each table, at most', 20)
    .addHelpText(
      'after',
      `
It needs neither etcd nor an agent. Where segments hold every change in between, it reads them and those from the full snapshot
on that is older than the first point; the snapshot itself only for old values that no segment holds. Where a part is
missing, it compares all keys of both points. A snapshot lies in --work-folder meanwhile, decrypted and without a name; memory
stays below 400 MB however many keys there are. Values are compared and never printed. Exit code 1: something in the store is broken,
be it that the answer could be had without it.

Examples:
  etcd-caretaker backup diff 1h latest --store file:///var/backups/etcd
  etcd-caretaker backup diff 104200 2026-01-31T12:00:00Z --prefix /registry/secrets/ --show-keys --store s3://backups/etcd`,
    )
    .action(async (from: ReturnType<typeof parsePoint>, to: typeof from, flags: DiffFlags) => {
      const { diffPoints } = await import('../../backup/compare/diff.ts');
      const prefix = flags.prefix ?? Buffer.alloc(0);
      const keys = flags.showKeys === true ? flags.limit : 0;
      const diff = await readPlace(flags, (options, signal) =>
        diffPoints({ ...options, from, to, prefix, depth: flags.depth, keys }, signal),
      );
      const report = diffReport(diff, flags);
      const exitCode = diff.avoided.length > 0 || diff.lost !== undefined ? exitCodes.fault : exitCodes.fine;
      await show({ text: (look) => diffText(report, look), data: plain(report), exitCode }, flags.output);
    });
}
