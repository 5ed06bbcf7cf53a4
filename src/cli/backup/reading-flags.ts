import { type Command, InvalidArgumentError } from 'commander';
import { type Format, outputOption } from '../show.ts';
import { type StoreFlags, storeFlags } from './store-flags.ts';

/** Of a command that reads keys out of backups. */
export interface ReadingFlags extends StoreFlags {
  readonly limit: number;
  readonly workFolder?: string;
  readonly output: Format;
}

/** The flags of every command that reads keys out of backups. @param what is limited */
export function readingFlags(command: Command, what: string, limit: number): Command {
  return outputOption(
    storeFlags(command)
      .option('--limit <n>', what, parseCount, limit)
      .option('--work-folder <folder>', 'where a full snapshot may lie while it is read (default: TMPDIR)'),
  );
}

/** A whole number from 1 on. */
export function parseCount(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError('Expected a whole number from 1 on.');
  }
  return number;
}
