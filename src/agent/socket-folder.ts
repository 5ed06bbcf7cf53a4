import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AgentError, faultOf } from '../cluster/agent-error.ts';

/** Bits of a mode that let group or others write. */
const foreignWrite = 0o022;

/**
 * Looks at the folder of the agent's Unix socket. Where it is missing it is made, for the owner alone, if it is the
 * agent's own runtime folder (`make`); a folder that somebody configured has to be there. One that somebody else could
 * have prepared is refused: whoever owns it could put their own socket in place of ours.
 * @throws AgentError `SOCKET_FOLDER_UNUSABLE`
 */
export async function prepareSocketFolder(socketPath: string, options: { readonly make: boolean }): Promise<void> {
  const folder = dirname(socketPath);
  const unusable = (why: string, cause?: unknown): AgentError =>
    new AgentError('SOCKET_FOLDER_UNUSABLE', `The folder ${folder} of the agent's socket ${why}.`, {
      cause,
      remedy: 'Set expose.socket to a path in a folder of your own.',
    });
  if (options.make) {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw unusable(`cannot be made: ${faultOf(error).message}`, error);
    });
  }
  const { uid, mode } = await stat(folder).catch((error: unknown) => {
    throw unusable(`cannot be used: ${faultOf(error).message}`, error);
  });
  const own = process.getuid?.() ?? uid;
  if (uid !== own && uid !== 0) {
    throw unusable(`belongs to the user ${uid}`);
  }
  if ((mode & foreignWrite) !== 0) {
    throw unusable('can be written by others');
  }
}
