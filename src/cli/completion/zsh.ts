import type { CommandWords, OptionWords, ValueWords } from './words.ts';

/** A completion script for zsh: `source <(etcd-caretaker completion zsh)`, or a file `_etcd-caretaker` in `$fpath`. */
export function zshCompletion(program: string, commands: readonly CommandWords[]): string {
  const name = `_${program.replaceAll('-', '_')}`;
  return `#compdef ${program}
# Completion of ${program} for zsh. To use it: source <(${program} completion zsh)
${name}() {
  local at='' i
  local -a entries
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      ${steps(commands)}) at="\${at:+$at }\${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${commands.flatMap(values).join('\n')}
  esac
  case "$at" in
${commands.map(entries).join('\n')}
  esac
  _describe '${program}' entries
}
if [[ "\${funcstack[1]}" == _${program} ]]; then
  ${name} "$@"
else
  compdef ${name} ${program}
fi
`;
}

function steps(commands: readonly CommandWords[]): string {
  return commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(`${path.slice(0, -1).join(' ')} ${path.at(-1)}`))
    .join('|');
}

function values({ path, options }: CommandWords): readonly string[] {
  return options.flatMap(({ names, value }) =>
    value === undefined
      ? []
      : [`    ${names.map((name) => quote(`${path.join(' ')} ${name}`)).join('|')}) ${offer(value)}; return ;;`],
  );
}

function entries({ path, options, subcommands, argument }: CommandWords): string {
  const all = [
    ...subcommands.map(({ name, description }) => entry(name, description)),
    ...(argument?.kind === 'choices' ? argument.choices.map((choice) => entry(choice, '')) : []),
    ...options.flatMap(({ names, description }: OptionWords) => names.map((name) => entry(name, description))),
  ];
  return `    ${quote(path.join(' '))}) entries=(${all.join(' ')}) ;;`;
}

/** A colon parts the word from its description. */
function entry(word: string, description: string): string {
  return quote(description === '' ? word : `${word}:${description.replaceAll('\n', ' ')}`);
}

function offer(value: ValueWords): string {
  switch (value.kind) {
    case 'choices':
      return `compadd -- ${value.choices.map(quote).join(' ')}`;
    case 'files':
      return '_files';
    case 'free':
      return '_message value';
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
