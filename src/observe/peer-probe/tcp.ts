import { connect, type Socket } from 'node:net';
import { type EndpointAddress, hostPort } from '../endpoint-url.ts';
import { waitOn } from './socket-wait.ts';

/** An open connection and how long it took. */
export interface Connected {
  readonly socket: Socket;
  /** From the connection attempt to its success: one round trip, without the time of the name lookup. */
  readonly seconds: number;
}

/**
 * Opens a TCP connection; the caller destroys the socket. The timeout covers the name lookup too. Throws `ProbeError`,
 * or the signal's reason.
 */
export async function connectTcp(
  target: EndpointAddress,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Connected> {
  let startMs = performance.now();
  const socket = connect({ host: target.host, port: target.port, noDelay: true });
  // Errors between two waits reach the next one as a closed socket; without a listener they would end the agent.
  socket.on('error', () => undefined);
  // With several addresses the last attempt is the one that succeeds.
  socket.on('connectionAttempt', () => {
    startMs = performance.now();
  });
  try {
    return await waitOn<Connected>(
      socket,
      { ...options, where: hostPort(target), what: 'the TCP connection' },
      (resolve) => socket.once('connect', () => resolve({ socket, seconds: (performance.now() - startMs) / 1000 })),
    );
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
