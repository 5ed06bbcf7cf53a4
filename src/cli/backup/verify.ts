import { Command } from 'commander';
import type { MarkedWhole } from '../../backup/verify/mark-whole.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Format, outputOption, show } from '../show.ts';
import { withPlace } from './opened.ts';
import { plain } from './plain.ts';
import { ProgressBar } from './progress-bar.ts';
import { type StoreFlags, storeFlags } from './store-flags.ts';
import { verifyText } from './verify-text.ts';

interface VerifyFlags extends StoreFlags {
  readonly mark: boolean;
  readonly output: Format;
}

/** `backup verify`: every byte of a timeline. */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('read every byte in the store: hashes, manifests, gaps, duplicates')
    .option('--no-mark', 'write nothing: do not mark chains that are whole as verified')
    .addHelpText(
      'after',
      `
What is encrypted is opened with --identity-file; without one only the hash of what is stored is checked, which it says.
A chain of which every byte was opened and is whole is marked as verified: retention then never takes the newest one away. One that is broken
loses its mark. What retention took away between chains is no gap. Exit code 1: something is broken or missing.

Example:
  etcd-caretaker backup verify --store file:///var/backups/etcd`,
    );
  return outputOption(storeFlags(command)).action(async (flags: VerifyFlags) => {
    const { verifyStore } = await import('../../backup/verify/verify-store.ts');
    const { markWhole } = await import('../../backup/verify/mark-whole.ts');
    const none: MarkedWhole = { marked: [], unmarked: [] };
    const { report, marks } = await withPlace(
      flags,
      'It was not read to the end.',
      async ({ store, decryption }, signal) => {
        using bar = new ProgressBar();
        const onProgress = (progress: { readonly done: number; readonly total: number }): void =>
          bar.show({ what: 'reading', unit: 'bytes', ...progress });
        const keys = decryption === undefined ? {} : { decryption };
        const found = await verifyStore({ store, onProgress, ...keys }, signal);
        return { report: found, marks: flags.mark ? await markWhole(store, found, Date.now(), signal) : none };
      },
    );
    const { marked, unmarked, denied } = marks;
    if (denied !== undefined) process.stderr.write(`note: chains are not marked as verified: ${denied.message}\n`);
    const isFaulty = report.findings.some(({ severity }) => severity === 'fault');
    const exitCode = isFaulty ? exitCodes.fault : exitCodes.fine;
    const data = plain({ ...report, marked, unmarked });
    await show({ text: (look) => verifyText(report, marks, look), data, exitCode }, flags.output);
  });
}
