import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A server in the place of a peer. */
export type FakePeer = AsyncDisposable & { readonly url: string; readonly port: number };

/** Answers as etcd's peer listener does, with a clock that is `aheadSeconds` ahead of ours. */
export const asEtcd =
  (aheadSeconds = 0): RequestListener =>
  (request, response) => {
    if (request.url !== '/raft/probing') {
      response.writeHead(404).end();
      return;
    }
    const now = new Date(Date.now() + aheadSeconds * 1000).toISOString().replace('Z', '456789Z');
    response.end(`${JSON.stringify({ OK: true, Now: now })}\n`);
  };

/** Starts a peer on a free port of `host`; with PEM texts in `tls` it speaks https. */
export const startFakePeer = async (
  answer: RequestListener,
  options: { readonly host?: string; readonly tls?: { readonly cert: Buffer; readonly key: Buffer } } = {},
): Promise<FakePeer> => {
  const { host = '127.0.0.1', tls } = options;
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
