import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';

/** Shorter tokens can be guessed. */
const shortestToken = 16;

/** The bearer token in a file, read again when the file changes. */
export interface BearerToken {
  /** Whether an `Authorization` header holds the token. The comparison takes the same time wherever they differ. */
  readonly check: (authorization: string | undefined) => Promise<'none' | 'wrong' | 'right'>;
}

/**
 * Opens a token file. While it cannot be read later on, no token is right.
 * @param onChange told with undefined when the file was read again, with the error when it could not be.
 * @throws AgentError `TOKEN_FILE_UNREADABLE` or `TOKEN_TOO_SHORT`
 */
export async function openTokenFile(
  path: string,
  onChange: (error: AgentError | undefined) => void,
): Promise<BearerToken> {
  let version = await versionOf(path);
  let digest: Buffer | undefined = digestOf(await readToken(path));

  const refresh = async (): Promise<void> => {
    const now = await versionOf(path).catch(() => 'unreadable');
    if (now === version) {
      return;
    }
    version = now;
    try {
      digest = digestOf(await readToken(path));
      onChange(undefined);
    } catch (error) {
      digest = undefined;
      onChange(error instanceof AgentError ? error : unreadable(path, error));
    }
  };

  return {
    check: async (authorization) => {
      const given = /^bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
      if (given === undefined) {
        return authorization === undefined ? 'none' : 'wrong';
      }
      await refresh();
      return digest !== undefined && timingSafeEqual(digestOf(given), digest) ? 'right' : 'wrong';
    },
  };
}

async function readToken(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error);
  });
  const token = text.trim();
  if (token.length < shortestToken || /\s/.test(token)) {
    throw new AgentError(
      'TOKEN_TOO_SHORT',
      `The token in ${path} is not one word of ${shortestToken} characters or more.`,
      {
        remedy: 'Write a random one: openssl rand -hex 32.',
      },
    );
  }
  return token;
}

/** Inode, size and times: a file that was replaced or written has another one. */
async function versionOf(path: string): Promise<string> {
  const { ino, size, mtimeMs, ctimeMs } = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

/** Of one length whatever the token's, as the comparison needs it. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function unreadable(path: string, cause: unknown): AgentError {
  return new AgentError('TOKEN_FILE_UNREADABLE', `The token file ${path} cannot be read: ${faultOf(cause).code}.`, {
    cause,
    remedy: 'Look at the path in expose.auth and at the rights of the file.',
  });
}
