import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { KeyPair } from '../../real/certificates.ts';

/** A server on a free port of loopback, which is gone with all its connections when it is disposed of. */
interface Front extends AsyncDisposable {
  readonly port: number;
}

/** Ends TLS before the server at `targetPort`. */
export async function startTlsFront(targetPort: number, { cert, key }: KeyPair): Promise<Front> {
  const pems = { cert: await readFile(cert), key: await readFile(key) };
  const server = createTlsServer(pems, (near) => pipe(near, connect(targetPort, '127.0.0.1')));
  return await started(server);
}

/** An HTTP proxy that tunnels whatever is asked for by CONNECT; tells to where. */
export async function startTunnel(onConnect: (target: string) => void): Promise<Front> {
  const server = createHttpServer((_, response) => response.writeHead(405).end());
  server.on('connect', ({ url = '' }, near: Socket) => {
    onConnect(url);
    const [host, port] = url.split(':');
    const far = connect(Number(port), host, () => near.write('HTTP/1.1 200 OK\r\n\r\n'));
    pipe(near, far);
  });
  return await started(server);
}

function pipe(near: Socket, far: Socket): void {
  near.on('error', () => far.destroy()).on('close', () => far.destroy());
  far.on('error', () => near.destroy()).on('close', () => near.destroy());
  near.pipe(far).pipe(near);
}

async function started(server: Server): Promise<Front> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
