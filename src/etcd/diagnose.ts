import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { linkedAbort } from '../abort/linked-abort.ts';
import type { Credentials } from './credentials.ts';
import { type DialFault, faultOfAnswer, faultOfDialError, PLAIN_ON_TLS } from './dial-faults.ts';
import type { Endpoint } from './endpoint.ts';

/** The client's preface of HTTP/2 and an empty SETTINGS frame: what a gRPC server must answer with its own SETTINGS. */
const HTTP2_HELLO = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

const CLOSED_AT_ONCE: DialFault = { code: 'ETCD_UNREACHABLE', reason: 'it closed the connection at once' };
const PEER_PORT: DialFault = {
  code: 'ETCD_PEER_PORT',
  reason: "it is etcd's peer port, where the members talk to each other, and no client port",
};
const HUNG_UP_ON_TLS: DialFault = {
  code: 'ETCD_TLS_ON_PLAIN',
  reason: 'it closed the connection instead of starting TLS',
};

/**
 * Finds out why a connection does not come up, where gRPC only says "unavailable": dials the endpoint directly as the
 * client would, says hello in HTTP/2 and looks at what comes back. Undefined when nothing is wrong (any more), and as soon
 * as the signal is aborted.
 */
export async function diagnose(
  endpoint: Endpoint,
  credentials: Credentials,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<DialFault | undefined> {
  const fault = await greet(endpoint, credentials, timeoutMs, signal);
  if (fault !== CLOSED_AT_ONCE || endpoint.kind === 'unix') return fault;
  // With TLS etcd's peer port knows no HTTP/2, and hangs up on it.
  if (endpoint.secure) return (await answersPeers(endpoint, credentials, timeoutMs, signal)) ? PEER_PORT : fault;
  // Etcd hangs up on plain greetings without a word, so whether it speaks TLS has to be tried.
  return (await speaksTls(endpoint.host, endpoint.port, timeoutMs, signal)) ? PLAIN_ON_TLS : fault;
}

/** Whether a server starts TLS when it is asked to. Nothing is sent on the connection, and nobody's word is trusted. */
export function speaksTls(host: string, port: number, timeoutMs: number, caller?: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connectTls({ host, port, servername: nameForSni(host), rejectUnauthorized: false });
  const link = linkedAbort([caller], timeoutMs);
  onceAborted(link.signal, () => resolve(false));
  socket.on('secureConnect', () => resolve(true));
  // An alert is TLS too.
  socket.on('error', (error) => resolve('code' in error && /_ALERT_/.test(String(error.code))));
  socket.on('close', () => resolve(false));
  return promise.finally(() => {
    link.release();
    socket.destroy();
  });
}

/** Whether it is etcd's peer port: asks in HTTP/1.1 what the members ask each other to measure their round trips. */
function answersPeers(
  endpoint: Endpoint,
  credentials: Credentials,
  timeoutMs: number,
  caller: AbortSignal | undefined,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = dial(endpoint, credentials, 'http/1.1');
  const link = linkedAbort([caller], timeoutMs);
  onceAborted(link.signal, () => resolve(false));
  socket.on('secureConnect', () =>
    socket.write('GET /raft/probing HTTP/1.1\r\nhost: etcd\r\nconnection: close\r\n\r\n'),
  );
  socket.on('data', (chunk: Buffer) => resolve(/^HTTP\/1\.1 200 /.test(chunk.toString('latin1', 0, 16))));
  socket.on('error', () => resolve(false));
  socket.on('close', () => resolve(false));
  return promise.finally(() => {
    link.release();
    socket.destroy();
  });
}

function greet(
  endpoint: Endpoint,
  credentials: Credentials,
  timeoutMs: number,
  caller: AbortSignal | undefined,
): Promise<DialFault | undefined> {
  const { promise, resolve } = Promise.withResolvers<DialFault | undefined>();
  const socket = dial(endpoint, credentials, 'h2');
  const facts = { secure: endpoint.secure, hasClientCertificate: credentials.tls.cert !== undefined };
  let opened = false;
  const link = linkedAbort([caller], timeoutMs);
  const giveUp = (): void => resolve(caller?.aborted === true ? undefined : silence(opened, timeoutMs));
  onceAborted(link.signal, giveUp);
  socket.on(endpoint.secure ? 'secureConnect' : 'connect', () => {
    opened = true;
    socket.write(HTTP2_HELLO);
  });
  socket.on('data', (chunk: Buffer) => resolve(faultOfAnswer(chunk, facts)));
  socket.on('error', (error) => resolve(faultOfDialError(error, facts)));
  socket.on('close', () => resolve(closedEarly(opened, endpoint.secure)));
  return promise.finally(() => {
    link.release();
    socket.destroy();
  });
}

function dial(endpoint: Endpoint, credentials: Credentials, protocol: 'h2' | 'http/1.1'): Socket {
  const to = endpoint.kind === 'unix' ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
  if (credentials.secureContext === undefined) return connectTcp(to);
  const host = endpoint.kind === 'unix' ? 'localhost' : endpoint.host;
  return connectTls({
    ...to,
    secureContext: credentials.secureContext,
    servername: credentials.tls.servername ?? nameForSni(host),
    ALPNProtocols: [protocol],
  });
}

function onceAborted(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener('abort', then, { once: true });
}

/** SNI carries names only. */
function nameForSni(host: string): string {
  return isIP(host) === 0 ? host : '';
}

function silence(opened: boolean, timeoutMs: number): DialFault {
  return opened
    ? { code: 'ETCD_DEADLINE', reason: `it accepts connections but said nothing within ${timeoutMs} ms` }
    : { code: 'ETCD_UNREACHABLE', reason: `no connection within ${timeoutMs} ms` };
}

function closedEarly(opened: boolean, secure: boolean): DialFault {
  return !opened && secure ? HUNG_UP_ON_TLS : CLOSED_AT_ONCE;
}
