import { Command } from 'commander';
import { agentVersion } from '../agent/version.ts';
import { commandsFor } from './commands.ts';
import { lookOf } from './look.ts';

/** The program with the commands that a command line needs (all of them for `[]`); it ends by exceptions, never the process. */
export async function programFor(args: readonly string[]): Promise<Command> {
  const program = new Command('etcd-caretaker')
    .description('The caretaker beside every etcd member: it observes, acts and explains.')
    .version(agentVersion(), '-V, --version')
    .option('--debug', 'print stack traces of errors')
    .showHelpAfterError('  to do: --help shows what is allowed.')
    .configureOutput({ outputError })
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nExample:\n  etcd-caretaker doctor --endpoint http://127.0.0.1:2379\n\nEvery command has --help with examples.',
    )
    .exitOverride();
  for (const command of await commandsFor(args)) {
    program.addCommand(inherit(command, program));
  }
  return program;
}

/** What commander says of a command line that it cannot take, in the colours of all errors. */
function outputError(text: string, write: (text: string) => void): void {
  const { paint } = lookOf(process.stderr);
  write(text.replace(/^error:/, (word) => paint('red', word)));
}

/** Subcommands, at any depth, end like their parent: by an exception instead of process.exit. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) {
    inherit(child, command);
  }
  return command;
}
