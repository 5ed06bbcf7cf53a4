import type { ServerOptions } from 'node:http';
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';
import { type Problem, problemBody, problemType } from './problem.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Bounds on what one client can hold: a slow or silent one is cut off. Scrapers come every 15 to 60 s, so an idle
 * connection is kept for 75 s.
 */
const limits: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16_384,
};
const idleTimeoutMs = 30_000;
const mostConnections = 256;

/** A server with bounds, and the sockets that it has open. */
export interface BoundedServer {
  readonly server: Server;
  /** Raw sockets, also those that have not got as far as a request. */
  readonly sockets: ReadonlySet<Socket>;
}

/**
 * Makes a plain server, or one with TLS where a secure context is given.
 * @param handshakeTimeoutMs how long a client may take for its TLS handshake
 */
export function createBoundedServer(
  handler: Handler,
  tls?: SecureContextOptions,
  handshakeTimeoutMs = 10_000,
): BoundedServer {
  const server =
    tls === undefined
      ? createPlainServer(limits, handler)
      : createTlsServer(
          {
            ...limits,
            ...tls,
            handshakeTimeout: handshakeTimeoutMs,
            // A client without a certificate gets as far as /healthz; what a certificate is worth is asked per request.
            requestCert: tls.ca !== undefined,
            rejectUnauthorized: false,
          },
          handler,
        );
  server.maxConnections = mostConnections;
  server.timeout = idleTimeoutMs;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('clientError', answerMalformed);
  return { server, sockets };
}

const malformed: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: 'HEADERS_TOO_LARGE', detail: 'The headers are larger than 16 KiB.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'REQUEST_TOO_SLOW', detail: 'The request took too long to arrive.' },
};
const notHttp: Problem = { status: 400, code: 'NOT_HTTP', detail: 'The request could not be read.' };

/** Answers what the parser of the runtime refused. What failed below HTTP, as a TLS handshake, cannot be answered. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  const problem = malformed[error.code ?? ''] ?? (error.code?.startsWith('HPE_') === true ? notHttp : undefined);
  if (problem === undefined || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = problemBody(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      'connection: close',
      `content-type: ${problemType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}
