import type { Socket } from 'node:net';
import { faultOf } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';
import type { PeerProbe } from '../../cluster/sections.ts';
import { type EndpointAddress, hostPort } from '../endpoint-url.ts';
import type { Credentials, TlsCredentials } from '../tls-credentials.ts';
import type { ClockSample } from './clock.ts';
import { type Answered, askOverHttp } from './http.ts';
import { ProbeError } from './probe-error.ts';
import { connectTcp } from './tcp.ts';
import { certificateRequired, handshakeTls, tlsMeaning } from './tls.ts';

/** What one probe came to. */
export type ProbeOutcome =
  | { readonly kind: 'measured'; readonly seconds: number }
  | { readonly kind: 'failed'; readonly fault: Fault }
  /** The agent lacks what the probe takes (a certificate): not the peer's failure, and not counted as one. */
  | { readonly kind: 'impossible'; readonly fault: Fault };

/** One pass over all probes of a URL. */
export interface PeerExchange {
  /** Has every probe that the URL's scheme allows: `http` URLs have no `tls`. */
  readonly outcomes: ReadonlyMap<PeerProbe, ProbeOutcome>;
  readonly clock?: ClockSample;
}

export interface ExchangeOptions {
  readonly credentials: TlsCredentials;
  /** For each probe by itself. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The probes of a URL, from the lowest layer to the highest. */
export function probesOf(target: EndpointAddress): readonly PeerProbe[] {
  return target.tls ? ['tcp', 'tls', 'http'] : ['tcp', 'http'];
}

/**
 * Probes a peer once, over one new connection: TCP connect, TLS handshake, HTTP request. Each has its own time, which
 * the next does not contain. A probe that fails fails the ones above it too, for the same reason. One connection for
 * all, because etcd logs a warning for each that ends without a handshake. Throws only the signal's reason.
 */
export async function probePeer(target: EndpointAddress, options: ExchangeOptions): Promise<PeerExchange> {
  const outcomes = new Map<PeerProbe, ProbeOutcome>();
  const open: Socket[] = [];
  try {
    const tcp = await connectTcp(target, options);
    open.push(tcp.socket);
    outcomes.set('tcp', { kind: 'measured', seconds: tcp.seconds });
    const answered = target.tls
      ? await overTls(tcp.socket, target, options, open, outcomes)
      : await askOverHttp(tcp.socket, target, options);
    outcomes.set('http', { kind: 'measured', seconds: answered.seconds });
    return { outcomes, ...(answered.clock === undefined ? {} : { clock: answered.clock }) };
  } catch (error) {
    options.signal.throwIfAborted();
    const kind = error instanceof ProbeError && !error.counts ? 'impossible' : 'failed';
    for (const probe of probesOf(target).filter((each) => !outcomes.has(each))) {
      outcomes.set(probe, { kind, fault: faultOf(error) });
    }
    return { outcomes };
  } finally {
    for (const socket of open.reverse()) {
      socket.destroy();
    }
  }
}

async function overTls(
  tcp: Socket,
  target: EndpointAddress,
  options: ExchangeOptions,
  open: Socket[],
  outcomes: Map<PeerProbe, ProbeOutcome>,
): Promise<Answered> {
  const credentials = await ownCredentials(options.credentials);
  const tls = await handshakeTls(tcp, target, credentials, options);
  open.push(tls.socket);
  outcomes.set('tls', { kind: 'measured', seconds: tls.seconds });
  try {
    return await askOverHttp(tls.socket, target, options);
  } catch (error) {
    throw refusalOf(error, hostPort(target), credentials);
  }
}

async function ownCredentials(credentials: TlsCredentials): Promise<Credentials> {
  try {
    return await credentials.current();
  } catch (error) {
    const { code, message, remedy } = faultOf(error);
    throw new ProbeError(code, message, { counts: false, cause: error, ...(remedy === undefined ? {} : { remedy }) });
  }
}

/** In TLS 1.3 a peer refuses the agent's certificate, or the lack of one, only when the handshake is over. */
function refusalOf(error: unknown, where: string, credentials: Credentials): unknown {
  // The alert that says so can be lost, when the peer closes with our request still unread.
  const isClosed = error instanceof ProbeError && error.code === 'PEER_CLOSED';
  const meaning = tlsMeaning(error, where, credentials);
  return meaning === error && isClosed && !credentials.hasCertificate ? certificateRequired(where, error) : meaning;
}
