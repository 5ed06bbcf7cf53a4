import { connect } from 'node:net';
import { within } from '../abort/linked-abort.ts';

const LISTENS_MS = 2000;

/** Whether something accepts connections at a client or peer URL, as seen from this machine. Throws only what `signal` was aborted with. */
export async function listensAt(url: string, signal: AbortSignal): Promise<boolean> {
  const { hostname, port } = new URL(url);
  try {
    return await within([signal], LISTENS_MS, (until) => accepts(hostname, Number(port), until));
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Whether a connection is accepted. Rejects with what refuses it, or with the signal's reason. */
async function accepts(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port });
  const end = (): void => reject(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  socket.once('connect', () => resolve(true)).once('error', reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', end);
    socket.destroy();
  }
}
