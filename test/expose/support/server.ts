import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach } from 'vitest';
import { createRegistry } from '../../../src/expose/registry.ts';
import { type HttpServer, type ServerOptions, startServer } from '../../../src/expose/server.ts';
import { fullObservation } from './full-observation.ts';

const releasers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const release of releasers.splice(0).reverse()) {
    await release();
  }
});

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-expose-'));
  releasers.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A server on loopback and any free port, closed after the test. */
export async function serve(options: Partial<ServerOptions> = {}): Promise<HttpServer> {
  const observation = options.observation ?? (() => fullObservation);
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    registry: createRegistry({ observation }),
    // The observation by hand is old.
    staleAfterMs: Number.POSITIVE_INFINITY,
    closeGraceMs: 200,
    ...options,
    observation,
  });
  releasers.push(() => server.close());
  return server;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Over the Unix socket. */
  readonly socketPath?: string;
  /** Over TLS, with this CA. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly body?: string;
}

/** One request on a connection of its own. */
export async function ask(server: HttpServer, path: string, options: Ask = {}): Promise<Answer> {
  const { socketPath, ca, cert, key, headers = {}, method = 'GET', body } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const where = socketPath === undefined ? { host: server.address.host, port: server.address.port } : { socketPath };
  const request = (ca === undefined ? plainRequest : tlsRequest)(
    { ...where, path, method, headers, agent: false, servername: 'localhost', ...{ ca, cert, key } },
    (response) => {
      text(response).then(
        (answer) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer }),
        reject,
      );
    },
  );
  request.once('error', reject);
  request.end(body);
  return await promise;
}

/** Sends bytes as they are and collects what comes back until the server closes the connection. */
export async function send(server: HttpServer, bytes: string): Promise<string> {
  const socket = connect(server.address.port, server.address.host);
  socket.end(bytes);
  return await text(socket);
}

/** A token that is long enough. */
export function newToken(): string {
  return randomUUID();
}
