import { createServer } from 'node:net';

const given = new Set<number>();

// Below the range from which the kernel takes ports for outgoing connections (32768 and up): a member that is
// stopped and started again would otherwise now and then find its port taken by somebody's connection.
const lowestPort = 12_000;
const portCount = 20_000;

/** A TCP port of the loopback interface on which nobody listens and that this process has not given out before. */
export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = lowestPort + Math.floor(Math.random() * portCount);
    if (!given.has(port) && (await canListen(port))) {
      given.add(port);
      return port;
    }
  }
  throw new Error('found no free port in 200 attempts');
};

/** Whether nobody listens on a port of the loopback interface. */
export const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
