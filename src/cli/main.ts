import { Command, CommanderError } from 'commander';
import { agentVersion } from '../agent/version.ts';
import { commands } from './commands.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { reportError } from './report-error.ts';

/**
 * Runs one command line and returns its exit code. Data goes to stdout, everything else to stderr. A command that
 * fails throws; here is the one place that turns an error into words and an exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command('etcd-caretaker')
    .description('The caretaker beside every etcd member: it observes, acts and explains.')
    .version(agentVersion(), '-V, --version')
    .option('--debug', 'print stack traces of errors')
    .showHelpAfterError('(--help shows what is allowed)')
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nExample:\n  etcd-caretaker doctor --endpoint http://127.0.0.1:2379\n\nEvery command has --help with examples.',
    )
    .exitOverride();
  for (const make of commands) {
    program.addCommand(inherit(make(), program));
  }
  process.stdout.on('error', endWithReader);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? exitCodes.fine);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed its message; help and version end with 0.
      return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
    }
    reportError(error, { debug: program.opts()['debug'] === true });
    return exitCodeOf(error);
  }
}

/** Whoever read the output has read enough, as `head` does: that is no fault. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

/** Subcommands, at any depth, end like their parent: by an exception instead of process.exit. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) {
    inherit(child, command);
  }
  return command;
}
