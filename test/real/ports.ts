import { createServer } from 'node:net';
import { runMark } from './leftovers.ts';

const given = new Set<number>();

// Below the range from which the kernel takes ports for outgoing connections (32768 and up): a member that is
// stopped and started again would otherwise now and then find its port taken by somebody's connection.
const lowestPort = 12_000;
const portCount = 20_000;

/** At least as many as workers of a test run: each has its share of the ports, so that no two of them pick the same one. */
const shareCount = 8;

/** Where to look: all ports but in a worker of a test run; which share it has there differs between runs. */
const ownShare = (): { readonly from: number; readonly count: number } => {
  const worker = Number(process.env['VITEST_POOL_ID']);
  if (!Number.isInteger(worker)) return { from: lowestPort, count: portCount };
  const run = Number.parseInt(process.env[runMark] ?? '0', 16) || 0;
  const count = portCount / shareCount;
  return { from: lowestPort + ((run + worker) % shareCount) * count, count };
};

/** A TCP port of the loopback interface on which nobody listens and that this process has not given out before. */
export const freePort = async (): Promise<number> => {
  const { from, count } = ownShare();
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = from + Math.floor(Math.random() * count);
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
