import { Argument, Command } from 'commander';

/** `completion bash | zsh | fish`: a script that completes commands, options and their values, made from the commands. */
export function completionCommand(): Command {
  return new Command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  source <(etcd-caretaker completion bash)
  etcd-caretaker completion bash > /etc/bash_completion.d/etcd-caretaker
  source <(etcd-caretaker completion zsh)
  etcd-caretaker completion fish | source`,
    )
    .action(async (shell: string, _options: unknown, command: Command) => {
      process.stdout.write(await completionScript(shell, command.parent ?? command));
    });
}

async function completionScript(shell: string, program: Command): Promise<string> {
  const { commandWords } = await import('./completion/words.ts');
  const commands = commandWords(program);
  switch (shell) {
    case 'zsh':
      return (await import('./completion/zsh.ts')).zshCompletion(program.name(), commands);
    case 'fish':
      return (await import('./completion/fish.ts')).fishCompletion(program.name(), commands);
    default:
      return (await import('./completion/bash.ts')).bashCompletion(program.name(), commands);
  }
}
