import { EventEmitter } from 'node:events';
import type { Argument, Command, Option } from 'commander';
import { roffArgument, roffEntry, roffProse, roffText } from './roff.ts';

/** What every command has in common. */
const exitCodes = [
  ['0', 'All is well, or it was done.'],
  ['1', 'It ran and found a fault.'],
  ['2', 'The command line, the configuration or a file that it names is wrong.'],
  ['3', 'What is needed could not be reached.'],
  ['130', 'Interrupted.'],
] as const;

const environment = [
  ['ETCD_CARETAKER_AGENT', 'Agents to ask, as --agent takes them.'],
  ['ETCD_CARETAKER_TOKEN', "Token of the agents' API."],
  ['ETCD_CARETAKER_TOKEN_FILE', 'File with that token, where ETCD_CARETAKER_TOKEN is not set.'],
  [
    'ETCD_CARETAKER_SECTION__KEY',
    'A key of the configuration, such as ETCD_CARETAKER_MEMBER__ENDPOINT for member.endpoint; options go before it.',
  ],
  ['ETCD_CARETAKER_STORE', 'URL of the backup store, as --store takes it.'],
  ['ETCD_BIN', 'Folder with etcd, etcdctl and etcdutl, for commands that start them.'],
  [
    'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE',
    'Credentials of an s3:// store, as the AWS tools take them.',
  ],
  ['NO_COLOR, FORCE_COLOR', 'No colours on a terminal; or colours where there is none.'],
  ['XDG_CACHE_HOME, NODE_COMPILE_CACHE', 'Where compiled code is kept between two starts.'],
] as const;

const files = [
  ['/etc/etcd-caretaker/agent.yaml', 'Configuration of the agent, where `install` or a package puts it.'],
  ['DIR/demo.json', 'What runs where in a demo.'],
  ['~/.cache/etcd-caretaker', 'Compiled code of the program; it can be removed at any time.'],
] as const;

/** The manual page of a program in roff, with the macros of man(7): every command, its options, examples, exit codes. */
export function manPage(program: Command, version: string): string {
  const name = program.name();
  return [
    `.TH ${roffArgument(name.toUpperCase())} 1 "" ${roffArgument(`${name} ${version}`)} "User Commands"\n`,
    `.SH NAME\n${roffText(name)} \\- the caretaker beside every etcd member\n`,
    `.SH SYNOPSIS\n.B ${roffText(name)}\n${roffText('[--debug] <command> [options]')}\n`,
    `.SH DESCRIPTION\n${roffProse(`${program.description()}\n\nData goes to stdout, everything else to stderr. Colours and progress are shown on terminals only. What -o json prints is described in docs/output.md.`)}`,
    `.SH OPTIONS\n${optionsOf(program)}`,
    `.SH COMMANDS\n${childrenOf(program)
      .map((command) => commandPart(command, []))
      .join('')}`,
    section('EXIT STATUS', exitCodes),
    section('ENVIRONMENT', environment),
    section('FILES', files),
    `.SH EXAMPLES\n${roffProse('What each command can do stands with it; all of it is also in its --help.')}${roffProse(afterHelp(program).replace(/\n\nEvery command.*$/s, ''))}`,
    '.SH SEE ALSO\n.BR etcd (1),\n.BR etcdctl (1)\n',
  ].join('');
}

function commandPart(command: Command, path: readonly string[]): string {
  const words = [...path, command.name()];
  const children = childrenOf(command);
  const takes = [...command.registeredArguments.map(argumentText), children.length > 0 ? '<command>' : '[options]'];
  const named = command.registeredArguments.filter(({ description }) => description !== '');
  return [
    `.SS ${roffArgument([...words, ...takes].join(' '))}\n`,
    roffProse(sentence(command.description())),
    ...named.map((argument) => roffEntry(argumentText(argument), withChoices(argument, argument.description))),
    optionsOf(command),
    roffProse(afterHelp(command)),
    ...children.map((child) => commandPart(child, words)),
  ].join('');
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  return `.SH ${title}\n${rows.map(([term, text]) => roffEntry(term, text)).join('')}`;
}

/** As `--help` shows them, without `help`, which says the same as --help. */
function childrenOf(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== 'help');
}

function optionsOf(command: Command): string {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help' || command.parent === null)
    .map((option) => roffEntry(option.flags, withChoices(option, option.description)))
    .join('');
}

function argumentText(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function withChoices({ argChoices, defaultValue, defaultValueDescription }: Option | Argument, text: string): string {
  const isShown =
    defaultValue !== undefined && defaultValue !== true && defaultValue !== false && !Array.isArray(defaultValue);
  const more = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
    ...(isShown ? [`default: ${defaultValueDescription ?? String(defaultValue)}`] : []),
  ];
  return more.length === 0 ? text : `${text} (${more.join('; ')})`;
}

/** What `--help` says below the options: commander gives it to who listens. */
function afterHelp(command: Command): string {
  const pieces: string[] = [];
  const write = (piece: string): void => void pieces.push(piece);
  if (command instanceof EventEmitter) command.emit('afterHelp', { error: false, command, write });
  return pieces.join('').trim();
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
