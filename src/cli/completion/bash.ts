import type { CommandWords, ValueWords } from './words.ts';

/** A completion script for bash, 3.2 and later: `source <(etcd-caretaker completion bash)`. */
export function bashCompletion(program: string, commands: readonly CommandWords[]): string {
  const name = `_${program.replaceAll('-', '_')}`;
  return `# Completion of ${program} for bash. To use it: source <(${program} completion bash)
${name}() {
  local cur prev path='' i
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  # Bash takes --name=value apart.
  if [[ $cur == = ]]; then cur=''
  elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
${valueTakers(commands)}
${steps(commands)}
    esac
  done
  case "$path $prev" in
${values(commands)}
  esac
  case "$path" in
${words(commands)}
  esac
}
complete -F ${name} ${program}
`;
}

/** Words that bring the reader to a command. */
function steps(commands: readonly CommandWords[]): string {
  const patterns = commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(`${path.slice(0, -1).join(' ')} ${path.at(-1)}`));
  return `      ${patterns.join('|')}) path="\${path:+$path }\${COMP_WORDS[i]}" ;;`;
}

/** Options whose value must not be taken for a command. */
function valueTakers(commands: readonly CommandWords[]): string {
  const patterns = commands.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value !== undefined)
      .flatMap(({ names }) => names.map((name) => quote(`${path.join(' ')} ${name}`))),
  );
  return `      ${patterns.join('|')}) ((i++)) ;;`;
}

function values(commands: readonly CommandWords[]): string {
  return commands
    .flatMap(({ path, options }) =>
      options.flatMap(({ names, value }) =>
        value === undefined
          ? []
          : [`    ${names.map((name) => quote(`${path.join(' ')} ${name}`)).join('|')}) ${reply(value)}; return ;;`],
      ),
    )
    .join('\n');
}

function words(commands: readonly CommandWords[]): string {
  return commands
    .map(({ path, options, subcommands, argument }) => {
      const all = [
        ...subcommands.map(({ name }) => name),
        ...(argument?.kind === 'choices' ? argument.choices : []),
        ...options.flatMap(({ names }) => names),
      ];
      return `    ${quote(path.join(' '))}) COMPREPLY=($(compgen -W ${quote(all.join(' '))} -- "$cur")) ;;`;
    })
    .join('\n');
}

function reply(value: ValueWords): string {
  switch (value.kind) {
    case 'choices':
      return `COMPREPLY=($(compgen -W ${quote(value.choices.join(' '))} -- "$cur"))`;
    case 'files':
      return 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))';
    case 'free':
      return 'COMPREPLY=()';
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
