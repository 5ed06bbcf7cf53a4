import { isIP, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { type EndpointAddress, hostPort } from '../endpoint-url.ts';
import type { Credentials } from '../tls-credentials.ts';
import { codeOf, ProbeError } from './probe-error.ts';
import { waitOn } from './socket-wait.ts';

/** A connection over TLS and how long its handshake took. */
export interface Secured {
  readonly socket: TLSSocket;
  /** The handshake alone, after the TCP connection: one round trip in TLS 1.3, two in TLS 1.2, and both sides' work. */
  readonly seconds: number;
}

/**
 * The TLS handshake on an open connection. The peer's certificate is verified after it, where there is a certificate
 * authority to verify it with. Throws `ProbeError`, or the signal's reason.
 */
export async function handshakeTls(
  tcp: Socket,
  target: EndpointAddress,
  credentials: Credentials,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Secured> {
  const where = hostPort(target);
  const startMs = performance.now();
  const serverName = credentials.serverName ?? (isIP(target.host) === 0 ? target.host : undefined);
  const socket = connect({
    socket: tcp,
    host: target.host,
    secureContext: credentials.context,
    // Verified below: a wrong certificate is to be told apart from a handshake that failed.
    rejectUnauthorized: false,
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
  socket.on('error', () => undefined);
  try {
    const seconds = await waitOn<number>(socket, { ...options, where, what: 'the TLS handshake' }, (resolve) =>
      socket.once('secureConnect', () => resolve((performance.now() - startMs) / 1000)),
    );
    if (credentials.verifies && !socket.authorized) {
      throw untrusted(socket.authorizationError, where);
    }
    return { socket, seconds };
  } catch (error) {
    socket.destroy();
    throw tlsMeaning(error, where, credentials);
  }
}

/**
 * What an error on a TLS connection means: that the peer refuses the agent for want of a certificate, refuses its
 * certificate, or does not speak TLS. In TLS 1.3 the refusal comes after the handshake, with the first read. Other
 * errors are given back as they are.
 */
export function tlsMeaning(error: unknown, where: string, credentials: Credentials): unknown {
  const cause = error instanceof ProbeError ? error.cause : error;
  const code = codeOf(cause);
  if (code.includes('_ALERT_')) {
    return alertMeaning(code.replace(/^.*_ALERT_/, ''), where, credentials, cause);
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return new ProbeError('PEER_NOT_TLS', `${where}: it does not speak TLS, though its peer URL is https.`, {
      remedy: 'Correct the peer URL in the member list, or the TLS flags of etcd there.',
      cause,
    });
  }
  return error;
}

/** The peer asks for a certificate, and the agent has none: nothing is wrong with the peer. */
export function certificateRequired(where: string, cause: unknown): ProbeError {
  return new ProbeError(
    'PEER_CLIENT_CERT_REQUIRED',
    `${where}: the peer port asks for a client certificate, and the agent has none for it.`,
    { counts: false, remedy: 'Give the agent a certificate that the peers accept, and its key.', cause },
  );
}

/** Alerts by which Go says that a certificate is missing, by its version and that of TLS. */
const missing = new Set(['CERTIFICATE_REQUIRED', 'BAD_CERTIFICATE', 'HANDSHAKE_FAILURE']);

function alertMeaning(alert: string, where: string, credentials: Credentials, cause: unknown): ProbeError {
  if (!credentials.hasCertificate && missing.has(alert)) {
    return certificateRequired(where, cause);
  }
  const reason = alert.replaceAll('_', ' ').toLowerCase();
  if (credentials.hasCertificate && /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE/.test(alert)) {
    return new ProbeError('PEER_CLIENT_CERT_REFUSED', `${where}: it refused the agent's certificate (${reason}).`, {
      remedy:
        "Check that the agent's peer certificate is valid, for clients, and from a CA that etcd trusts for peers.",
      cause,
    });
  }
  return new ProbeError('PEER_TLS_FAILED', `${where}: it broke off the TLS handshake (${reason}).`, {
    remedy: "Look at etcd's log there: its own certificate or key may be missing, unreadable or not belong together.",
    cause,
  });
}

function untrusted(reason: Error | string | undefined, where: string): ProbeError {
  const code = typeof reason === 'string' ? reason : codeOf(reason);
  if (code === 'CERT_HAS_EXPIRED') {
    return new ProbeError('PEER_CERT_EXPIRED', `${where}: its certificate, or one above it, has expired.`, {
      remedy: 'Renew the peer certificate there; etcd reads the files again by itself.',
    });
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return new ProbeError('PEER_CERT_NAME_MISMATCH', `${where}: its certificate is not for this name or address.`, {
      remedy: "Issue a certificate with the peer URL's host among its subject alternative names.",
    });
  }
  return new ProbeError('PEER_CERT_UNTRUSTED', `${where}: its certificate cannot be verified (${code}).`, {
    remedy: 'Check that the peer certificate and the CA file that the agent uses for peers belong together.',
  });
}
