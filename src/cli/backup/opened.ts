import { type Command, Option } from 'commander';
import { untilInterrupted } from './interrupted.ts';
import { type Choice, type OpenedPlace, openPlace, type StoreFlags } from './store-flags.ts';

/** How data is printed. */
export type Format = 'table' | 'json' | 'yaml';

/** Adds `-o`. */
export function outputFlag(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
  );
}

/** Runs `work` on the timeline that the flags name; Ctrl-C ends it. @param unfinished what is said then */
export async function withPlace<T>(
  flags: StoreFlags,
  unfinished: string,
  work: (place: OpenedPlace, signal: AbortSignal) => Promise<T>,
  choice: Choice = 'newest',
): Promise<T> {
  return await untilInterrupted(unfinished, async (signal) => {
    await using place = await openPlace(flags, choice, signal);
    return await work(place, signal);
  });
}
