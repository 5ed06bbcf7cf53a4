import type { X509Certificate as Certificate } from 'node:crypto';
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { AgentError } from '../../cluster/agent-error.ts';
import { type EndpointAddress, hostPort } from '../endpoint-url.ts';
import type { Credentials } from '../tls-credentials.ts';

/** How long the other side has for its end of a connection that is done with. */
const lingerMs = 500;

/** No real chain is longer; a loop of certificates that name each other ends here. */
const longestChain = 10;

/**
 * The certificates that an endpoint really serves, leaf first. It shows the agent's certificate where there is one, so
 * that etcd does not log a refused connection. Throws `ENDPOINT_UNREACHABLE`, or `TLS_HANDSHAKE_FAILED` where something
 * answered, but not with a handshake; and the signal's reason.
 */
export async function readServedCertificates(
  target: EndpointAddress,
  credentials: Credentials,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<readonly Certificate[]> {
  const { signal, timeoutMs } = options;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({
    host: target.host,
    port: target.port,
    secureContext: credentials.context,
    rejectUnauthorized: false,
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
  });
  const onAbort = (): void => reject(signal.reason);
  const timer = setTimeout(() => reject(unreachable(target, `no answer within ${timeoutMs} ms`)), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.on('error', (error) => reject(failureOf(error, target)));
  socket.once('close', () => reject(unreachable(target, 'it closed the connection')));
  socket.once('secureConnect', resolve);
  try {
    await promise;
    const chain = chainOf(socket);
    await endQuietly(socket);
    return chain;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** With a reset instead of an end, etcd would log a failed handshake. */
async function endQuietly(socket: TLSSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, lingerMs);
  socket.once('close', () => resolve());
  socket.resume();
  socket.end();
  await promise;
  clearTimeout(timer);
}

function chainOf(socket: TLSSocket): readonly Certificate[] {
  const chain: Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // Node lets a self-signed certificate be its own issuer, and gives an empty object where there is none.
  while (next?.raw !== undefined && chain.length < longestChain) {
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}

function failureOf(error: Error, target: EndpointAddress): AgentError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (!(code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code === 'EPROTO')) {
    return unreachable(target, code === '' ? error.message : code);
  }
  return new AgentError('TLS_HANDSHAKE_FAILED', `The TLS handshake with ${hostPort(target)} failed (${code}).`, {
    remedy: "Look at etcd's log there: its certificate or key may be unreadable, or it may not speak TLS on this port.",
    cause: error,
  });
}

function unreachable(target: EndpointAddress, reason: string): AgentError {
  return new AgentError('ENDPOINT_UNREACHABLE', `${hostPort(target)} cannot be reached: ${reason}.`);
}
