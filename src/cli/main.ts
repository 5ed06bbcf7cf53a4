import { CommanderError } from 'commander';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { programFor } from './program.ts';
import { reportError } from './report-error.ts';

/**
 * Runs one command line and returns its exit code. Data goes to stdout, everything else to stderr. A command that
 * fails throws; here is the one place that turns an error into words and an exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  const program = await programFor(args);
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

/** Whoever read the output has read enough, as `head` does, or the terminal was closed: that is no fault. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && !(error.code === 'EIO' && process.stdout.isTTY)) throw error;
  process.exit();
}
