import type { Argument, Command, Option } from 'commander';

/** What may follow an option or stand as an argument. */
export type ValueWords =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'files' }
  /** Anything: there is nothing to offer. */
  | { readonly kind: 'free' };

/** One option, with each of the ways to write it. */
export interface OptionWords {
  /** `['--output', '-o']` */
  readonly names: readonly string[];
  readonly description: string;
  /** Absent where it takes none, or need not have one. */
  readonly value?: ValueWords;
}

/** One command and all that can follow it. */
export interface CommandWords {
  /** The words that lead to it, without the program: `['config', 'check']`. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly OptionWords[];
  readonly subcommands: readonly { readonly name: string; readonly description: string }[];
  /** The first argument. */
  readonly argument?: ValueWords;
}

/** Every command of a program, the program itself first, as commander shows them in `--help`. */
export function commandWords(program: Command): readonly CommandWords[] {
  const everywhere = optionsOf(program).filter(({ names }) => names.includes('--debug'));
  return visit(program, [], everywhere);
}

function visit(command: Command, path: readonly string[], everywhere: readonly OptionWords[]): readonly CommandWords[] {
  // Commander makes up `help [command]` where there are subcommands; --help says the same.
  const children = command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
  const [argument] = command.registeredArguments;
  const own: CommandWords = {
    path,
    description: command.description(),
    options: path.length === 0 ? optionsOf(command) : [...optionsOf(command), ...everywhere],
    subcommands: children.map((child) => ({ name: child.name(), description: child.description() })),
    ...(argument === undefined ? {} : { argument: valueWordsOf(argument, argument.name()) }),
  };
  return [own, ...children.flatMap((child) => visit(child, [...path, child.name()], everywhere))];
}

function optionsOf(command: Command): readonly OptionWords[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      names: [option.long, option.short].filter((name) => typeof name === 'string'),
      description: option.description,
      // Where a value may be left out, the next word is more likely to be none.
      ...(option.required ? { value: valueWordsOf(option, option.flags) } : {}),
    }));
}

/** Names such as `<file>` and `<folder>` say that a path belongs there. */
function valueWordsOf({ argChoices }: Option | Argument, name: string): ValueWords {
  if (argChoices !== undefined) return { kind: 'choices', choices: argChoices };
  return /\b(file|folder|dir|path)\b/.test(name.replace(/^.*[<[]/, '')) ? { kind: 'files' } : { kind: 'free' };
}
