import { Command } from 'commander';

/** `man`: the manual page, made from the commands. */
export function manCommand(): Command {
  return new Command('man')
    .description('print the manual page, for `man -l`')
    .addHelpText(
      'after',
      `
Examples:
  etcd-caretaker man | man -l -
  etcd-caretaker man > /usr/local/share/man/man1/etcd-caretaker.1`,
    )
    .action(async (_options: unknown, command: Command) => {
      const [{ manPage }, { agentVersion }] = await Promise.all([
        import('./man/page.ts'),
        import('../agent/version.ts'),
      ]);
      process.stdout.write(manPage(command.parent ?? command, agentVersion()));
    });
}
