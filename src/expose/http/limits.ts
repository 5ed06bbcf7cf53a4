import type { ServerOptions } from 'node:http';
import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { problemBody, problemType } from './problem.ts';

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
const handshakeTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;
const mostConnections = 256;

/** A server with bounds, and the sockets that it has open. */
export interface BoundedServer {
  readonly server: Server;
  /** Raw sockets, also those that have not got as far as a request. */
  readonly sockets: ReadonlySet<Socket>;
}

/** Makes a plain server, or one with TLS where a secure context is given. */
export function createBoundedServer(handler: Handler, tls?: SecureContextOptions): BoundedServer {
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

/** Answers what the parser of the runtime refused. */
function answerMalformed(error: NodeJS.ErrnoException, socket: NodeJS.WritableStream & Partial<Socket>): void {
  if (error.code === 'ECONNRESET' || socket.writable !== true) {
    socket.destroy?.();
    return;
  }
  const [status, text, code] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large', 'HEADERS_TOO_LARGE']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'REQUEST_TOO_SLOW']
        : [400, 'Bad Request', 'NOT_HTTP'];
  const body = problemBody({ status: Number(status), code: String(code), detail: 'The request could not be read.' });
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\nconnection: close\r\ncontent-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
