import { readFile } from 'node:fs/promises';
import { AgentError } from '../cluster/agent-error.ts';

/** The text of a file that the command line names. Throws `USAGE`, with this remedy, where it cannot be read. */
export async function readNamedFile(
  file: string,
  remedy = 'Check its path, and that it may be read by the user who says this.',
): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AgentError('USAGE', `${file} cannot be read: ${reason}`, {
      cause: error,
      remedy,
    });
  }
}
