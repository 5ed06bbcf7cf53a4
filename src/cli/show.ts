import { type Command, Option } from 'commander';
import { fitted } from './fitted.ts';
import { type Look, lookOf } from './look.ts';
import { printed } from './printed.ts';

/** How data is printed. */
export type Format = 'table' | 'json' | 'yaml';

/** Adds `-o`. */
export function outputOption(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'format of the output').choices(['table', 'json', 'yaml']).default('table'),
  );
}

/** What a command has to show. */
export interface Shown {
  /** For a person. */
  readonly text: (look: Look) => string;
  /** As JSON has it. */
  readonly data: unknown;
  /** 0 where it is absent. */
  readonly exitCode?: number;
  /** What belongs to it and to no data: with `-o json` it goes to stderr. */
  readonly aside?: (look: Look) => string;
}

/** What a person sees of it. */
export function textOf({ text, aside }: Shown, look: Look): string {
  return fitted(`${text(look)}${aside?.(look) ?? ''}`, look.columns);
}

/** Prints it on stdout, and sets the exit code. */
export async function show(shown: Shown, format: Format): Promise<void> {
  if (format === 'table') {
    process.stdout.write(textOf(shown, lookOf(process.stdout)));
  } else {
    process.stdout.write(await printed(shown.data, format));
    process.stderr.write(shown.aside?.(lookOf(process.stderr)) ?? '');
  }
  process.exitCode = shown.exitCode ?? 0;
}
