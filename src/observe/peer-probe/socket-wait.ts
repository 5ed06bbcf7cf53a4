import type { Socket } from 'node:net';
import { connectionError, ProbeError } from './probe-error.ts';

/** One wait on a socket: for how long, until when, and how to name it when it fails. */
export interface SocketWait {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** `host:port` of the other side. */
  readonly where: string;
  /** What is waited for: "the TLS handshake". */
  readonly what: string;
}

/**
 * Waits until `begin` calls `resolve` or `reject`; an error of the socket itself is reported first. Fails with `PEER_TIMEOUT` after `timeoutMs`, with a probe error
 * when the socket fails or closes before, and with the signal's reason when it is aborted.
 */
export async function waitOn<T>(
  socket: Socket,
  { timeoutMs, signal, where, what }: SocketWait,
  begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
): Promise<T> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onError = (error: unknown): void => reject(error);
  const onClose = (): void => {
    // An answer that came together with the end of the connection is still being read; it goes first.
    setImmediate(reject, closedEarly(where, what));
  };
  const onAbort = (): void => reject(signal.reason);
  const timer = setTimeout(
    () =>
      reject(
        new ProbeError('PEER_TIMEOUT', `${where}: ${what} was not done within ${timeoutMs} ms.`, {
          remedy: 'Check whether etcd there hangs or is paused, and the network on the way.',
        }),
      ),
    timeoutMs,
  );
  socket.once('error', onError);
  socket.once('close', onClose);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    begin(resolve, reject);
    return await promise;
  } catch (error) {
    throw signal.aborted ? signal.reason : connectionError(error, where);
  } finally {
    clearTimeout(timer);
    socket.off('error', onError);
    socket.off('close', onClose);
    signal.removeEventListener('abort', onAbort);
  }
}

function closedEarly(where: string, what: string): ProbeError {
  return new ProbeError('PEER_CLOSED', `${where}: it closed the connection before ${what} was done.`, {
    remedy: 'Look at the log of etcd there and at proxies between.',
  });
}
