import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Credentials } from './credentials.ts';
import { type DialFault, faultOfAnswer, faultOfDialError } from './dial-faults.ts';
import type { Endpoint } from './endpoint.ts';

/** The client's preface of HTTP/2 and an empty SETTINGS frame: what a gRPC server must answer with its own SETTINGS. */
const HTTP2_HELLO = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/**
 * Finds out why a connection does not come up, where gRPC only says "unavailable": dials the endpoint directly as the
 * client would, says hello in HTTP/2 and looks at what comes back. Undefined when nothing is wrong (any more).
 */
export function diagnose(
  endpoint: Endpoint,
  credentials: Credentials,
  timeoutMs: number,
): Promise<DialFault | undefined> {
  const { promise, resolve } = Promise.withResolvers<DialFault | undefined>();
  const socket = dial(endpoint, credentials);
  const facts = { secure: endpoint.secure, hasClientCertificate: credentials.tls.cert !== undefined };
  let opened = false;
  const timer = setTimeout(() => resolve(silence(opened, timeoutMs)), timeoutMs);
  socket.on(endpoint.secure ? 'secureConnect' : 'connect', () => {
    opened = true;
    socket.write(HTTP2_HELLO);
  });
  socket.on('data', (chunk: Buffer) => resolve(faultOfAnswer(chunk, facts)));
  socket.on('error', (error) => resolve(faultOfDialError(error, facts)));
  socket.on('close', () => resolve(closedEarly(opened, endpoint.secure)));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

function dial(endpoint: Endpoint, credentials: Credentials): Socket {
  const to = endpoint.kind === 'unix' ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
  if (credentials.secureContext === undefined) return connectTcp(to);
  const host = endpoint.kind === 'unix' ? 'localhost' : endpoint.host;
  return connectTls({
    ...to,
    secureContext: credentials.secureContext,
    servername: credentials.tls.servername ?? nameForSni(host),
    ALPNProtocols: ['h2'],
  });
}

/** SNI carries names only. */
function nameForSni(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host;
}

function silence(opened: boolean, timeoutMs: number): DialFault {
  return opened
    ? { code: 'ETCD_DEADLINE', reason: `it accepts connections but said nothing within ${timeoutMs} ms` }
    : { code: 'ETCD_UNREACHABLE', reason: `no connection within ${timeoutMs} ms` };
}

function closedEarly(opened: boolean, secure: boolean): DialFault {
  if (!opened && secure)
    return { code: 'ETCD_TLS_ON_PLAIN', reason: 'it closed the connection instead of starting TLS' };
  return { code: 'ETCD_UNREACHABLE', reason: 'it closed the connection at once' };
}
