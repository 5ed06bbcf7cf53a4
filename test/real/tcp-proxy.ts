import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Which way bytes travel: from the one who connected to the target, or back. */
export type Direction = 'toTarget' | 'fromTarget';

/** A TCP proxy on loopback through which a test makes a link slow, lossy or dead. */
export type TcpProxy = AsyncDisposable & {
  readonly port: number;
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  /** Holds every piece of data back by this many milliseconds, each way (0: not at all). */
  delay(delayMs: number): void;
  /** Swallows everything in one direction, or both, while connections stay open: a black hole. */
  drop(direction?: Direction): void;
  /** Ends all connections and refuses new ones with a reset. */
  cut(): void;
  /** Undoes delay, drop and cut for what comes from now on; what was swallowed stays lost. */
  heal(): void;
  close(): Promise<void>;
};

/** Starts a proxy to `targetPort` on `targetHost`, on a free port of 127.0.0.1. */
export const startTcpProxy = async (targetPort: number, targetHost = '127.0.0.1'): Promise<TcpProxy> => {
  const link = { delayMs: 0, dropped: new Set<Direction>(), cut: false };
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const carry = (from: Socket, to: Socket, direction: Direction) => {
    // One chain per direction keeps the order of the pieces, whatever the delay becomes meanwhile.
    let before = Promise.resolve();
    const queue = (deliver: () => void) => {
      const { delayMs } = link;
      const notBefore = performance.now() + delayMs;
      before = before.then(async () => {
        if (delayMs > 0) {
          await sleep(Math.max(0, notBefore - performance.now()));
        }
        if (!(link.dropped.has(direction) || to.destroyed)) {
          deliver();
        }
      });
    };
    from.on('data', (piece) => queue(() => to.write(piece)));
    from.on('end', () => queue(() => to.end()));
    from.on('close', () => queue(() => to.destroy()));
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    keep(near);
    if (link.cut) {
      near.resetAndDestroy();
      return;
    }
    const far = dial({ port: targetPort, host: targetHost, allowHalfOpen: true });
    keep(far);
    carry(near, far, 'toTarget');
    carry(far, near, 'fromTarget');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
    await once(server, 'close');
  };
  return {
    port,
    address: `127.0.0.1:${port}`,
    delay: (delayMs) => {
      link.delayMs = delayMs;
    },
    drop: (direction) => {
      for (const each of direction === undefined ? (['toTarget', 'fromTarget'] as const) : [direction]) {
        link.dropped.add(each);
      }
    },
    cut: () => {
      link.cut = true;
      for (const socket of sockets) {
        socket.resetAndDestroy();
      }
    },
    heal: () => {
      link.delayMs = 0;
      link.cut = false;
      link.dropped.clear();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
