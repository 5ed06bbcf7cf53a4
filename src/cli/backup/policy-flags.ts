import { type Command, InvalidArgumentError } from 'commander';
import type { TidyPolicy } from '../../backup/retention/tidy.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Config } from '../../config/config.ts';
import { parseDurationMs } from '../../config/duration.ts';
import { parseSizeBytes } from '../../config/size.ts';

/** What is kept, as the command line says it; what it does not say is as configured. */
export interface PolicyFlags {
  readonly keepAll?: number;
  readonly hourly?: number;
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
  readonly maxBytes?: number;
  readonly coldAfter?: number;
  readonly coldClass?: string;
}

/** Adds the flags of retention, named as its keys. */
export function policyFlags(command: Command): Command {
  return command
    .option('--keep-all <duration>', 'keep all chains that are younger', parseDuration)
    .option('--hourly <count>', 'of so many hours the newest chain of each', parseCount)
    .option('--daily <count>', 'of so many days', parseCount)
    .option('--weekly <count>', 'of so many weeks', parseCount)
    .option('--monthly <count>', 'of so many months', parseCount)
    .option('--max-bytes <size>', 'the oldest go when all of it is larger', parseSize)
    .option('--cold-after <duration>', 'move what is older to --cold-class', parseDuration)
    .option('--cold-class <name>', 'storage class, such as STANDARD_IA', parseClass);
}

/** The policy: flags before `--config`, and that before the defaults of the configuration. Throws `USAGE`. */
export async function policyOf(flags: PolicyFlags, configured: Config['backup'] | undefined): Promise<TidyPolicy> {
  const { tidyPolicy } = await import('../../agent/backup/settings.ts');
  const { backupSection } = await import('../../config/sections/backup.ts');
  const { retention, s3 } = configured ?? backupSection.parse({});
  const { keepAll, coldAfter, hourly, daily, weekly, monthly, maxBytes, coldClass } = flags;
  const given = {
    ...{ keepAllMs: keepAll, coldAfterMs: coldAfter },
    ...{ hourly, daily, weekly, monthly, maxBytes, coldClass },
  };
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const all = { ...retention, ...said };
  if ((all.coldAfterMs === undefined) !== (all.coldClass === undefined)) {
    throw new AgentError('USAGE', 'What is to move to a colder storage class is said only in part.', {
      remedy: 'Give both --cold-after and --cold-class.',
    });
  }
  return tidyPolicy({ retention: all, s3 });
}

function parseDuration(text: string): number {
  const parsed = parseDurationMs(text);
  if ('problem' in parsed) throw new InvalidArgumentError(`Expected a duration such as 1d or 12h: ${parsed.problem}.`);
  return parsed.value;
}

function parseSize(text: string): number {
  const parsed = parseSizeBytes(text);
  if ('problem' in parsed) throw new InvalidArgumentError(`Expected a size such as 50GiB: ${parsed.problem}.`);
  return parsed.value;
}

function parseCount(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 0 on.');
  return Number(text);
}

function parseClass(text: string): string {
  if (/^[A-Z][A-Z0-9_]{0,63}$/.test(text) && text !== 'GLACIER' && text !== 'DEEP_ARCHIVE') return text;
  throw new InvalidArgumentError('Expected a class that can be read at once, such as STANDARD_IA or GLACIER_IR.');
}
