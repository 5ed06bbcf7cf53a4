import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import process from 'node:process';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';

/** Linux takes 107 bytes and a NUL (unix(7)); what is longer would be cut off silently. */
const longestPathBytes = 107;

/**
 * Listens on a Unix socket that only its owner (0600) or also its group (0660) can use. A socket that was left behind is
 * replaced; one on which somebody answers is not, nor is a file that is no socket.
 * @throws AgentError `LISTEN_IN_USE`, `LISTEN_PATH_TAKEN`, `LISTEN_PATH_TOO_LONG` or `LISTEN_FAILED`
 */
export async function listenOnUnixSocket(server: Server, path: string, mode: number): Promise<void> {
  if (Buffer.byteLength(path) > longestPathBytes) {
    throw new AgentError('LISTEN_PATH_TOO_LONG', `The socket path ${path} is longer than ${longestPathBytes} bytes.`, {
      remedy: 'Set expose.socket to a shorter path.',
    });
  }
  await removeLeftover(path);
  await bind(server, path);
  await chmod(path, mode);
}

async function removeLeftover(path: string): Promise<void> {
  const file = await lstat(path).catch(() => undefined);
  if (file === undefined) {
    return;
  }
  if (!file.isSocket()) {
    throw new AgentError('LISTEN_PATH_TAKEN', `There is a file at ${path} that is no socket; it was left alone.`, {
      remedy: 'Move it away, or set expose.socket to another path.',
    });
  }
  if (await isAnswered(path)) {
    throw new AgentError('LISTEN_IN_USE', `Somebody answers on the socket ${path} already.`, {
      remedy: 'Stop the agent that runs there, or set expose.socket to another path.',
    });
  }
  await unlink(path);
}

async function isAnswered(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once('connect', () => resolve(true));
  // Only a refusal says that nobody listens; a socket that we may not use has an owner.
  socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(faultOf(error).code)));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

async function bind(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (cause: Error): void => {
    const message = `Listening on the socket ${path} failed: ${faultOf(cause).code}.`;
    reject(
      new AgentError('LISTEN_FAILED', message, {
        cause,
        remedy: 'Look at the rights of its directory, or set expose.socket to another path.',
      }),
    );
  };
  server.once('error', onError);
  // The socket is made within listen(), so nobody else can use it even for the moment before its mode is set.
  const mask = process.umask(0o177);
  try {
    server.listen({ path }, resolve);
  } finally {
    process.umask(mask);
  }
  await promise;
  server.off('error', onError);
}
