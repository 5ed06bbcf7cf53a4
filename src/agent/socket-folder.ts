import { lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AgentError } from '../cluster/agent-error.ts';

/** Bits of a mode that let group or others write. */
const foreignWrite = 0o022;

/**
 * Makes the folder of the agent's Unix socket where it is missing, for the owner alone. A folder that somebody else
 * could have prepared is refused: whoever owns it could put their own socket in place of ours.
 * @throws AgentError `SOCKET_FOLDER_UNUSABLE`
 */
export async function prepareSocketFolder(socketPath: string): Promise<void> {
  const folder = dirname(socketPath);
  const unusable = (why: string, cause?: unknown): AgentError =>
    new AgentError('SOCKET_FOLDER_UNUSABLE', `The folder ${folder} of the agent's socket ${why}.`, {
      cause,
      remedy: 'Set expose.socket to a path in a folder of your own.',
    });
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(`cannot be made: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  const { uid, mode } = await lstat(folder);
  const own = process.getuid?.() ?? uid;
  if (uid !== own && uid !== 0) {
    throw unusable(`belongs to the user ${uid}`);
  }
  if ((mode & foreignWrite) !== 0) {
    throw unusable('can be written by others');
  }
}
