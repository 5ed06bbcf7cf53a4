import type { CommandWords, OptionWords, ValueWords } from './words.ts';

/** A completion script for fish: `etcd-caretaker completion fish | source`. */
export function fishCompletion(program: string, commands: readonly CommandWords[]): string {
  const at = `__${program.replaceAll('-', '_')}_at`;
  const lines = commands.flatMap((command) => {
    const start = `complete -c ${program} -n ${quote(`${at} ${quote(command.path.join(' '))}`)}`;
    return [
      ...command.subcommands.map(({ name, description }) => `${start} -a ${quote(name)} -d ${quote(description)}`),
      ...(command.argument?.kind === 'choices' ? [`${start} -a ${quote(command.argument.choices.join(' '))}`] : []),
      ...command.options.map((option) => `${start} ${optionWords(option)}`),
    ];
  });
  return `# Completion of ${program} for fish. To use it: ${program} completion fish | source
function ${at} --description 'Whether these words are the command so far'
    set -l path
    for word in (commandline -opc)[2..]
        switch "$path $word"
            case ${steps(commands)}
                set path (string trim "$path $word")
        end
    end
    test "$path" = "$argv[1]"
end
complete -c ${program} -f
${lines.join('\n')}
`;
}

function steps(commands: readonly CommandWords[]): string {
  return commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(`${path.slice(0, -1).join(' ')} ${path.at(-1)}`))
    .join(' ');
}

function optionWords({ names, description, value }: OptionWords): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  return [...flags, ...(value === undefined ? [] : [valueWords(value)]), `-d ${quote(description)}`].join(' ');
}

function valueWords(value: ValueWords): string {
  switch (value.kind) {
    case 'choices':
      return `-x -a ${quote(value.choices.join(' '))}`;
    case 'files':
      return '-r -F';
    case 'free':
      return '-x';
  }
}

/** In fish's single quotes a backslash and a quote are escaped by a backslash. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
