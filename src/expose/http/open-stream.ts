import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { OpenStream, StreamReply } from './route.ts';

/** What a client leaves unread beyond its first burst costs this agent memory, and it is not shown what is. */
const largestBacklogBytes = 2 ** 20;

/** Connections that carry one. */
const carrying = new WeakSet<Socket>();

/** What keeps a stream in bounds. */
export interface StreamBounds {
  /** Asked at each heartbeat: whether the caller still may read, as tokens are replaced. */
  readonly mayGoOn: () => Promise<boolean>;
  /** Aborted when the server begins to close. */
  readonly closing: AbortSignal;
  readonly heartbeatMs: number;
  /** Something failed that nobody meant to. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Sends the head of a streamed reply and hands the stream to the route. It ends when the client goes, when the caller may no longer read, when the
 * server closes, and when the client does not read. The heartbeat also keeps the socket from being taken for idle.
 */
export function openStream(
  request: IncomingMessage,
  response: ServerResponse,
  reply: StreamReply,
  headers: Readonly<Record<string, string>>,
  bounds: StreamBounds,
): void {
  // Behind a stream that does not end nothing is ever answered: who asks there all the same would hold many with one connection.
  if (carrying.has(request.socket)) {
    request.socket.destroy();
    return;
  }
  // Nobody asks for anything else on a connection like this one.
  response.writeHead(reply.status ?? 200, { ...headers, connection: 'close' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  carrying.add(request.socket);
  const ended = new AbortController();
  let firstBurstBytes: number | undefined;
  const end = (): void => {
    // Whoever does not read would not see the end either.
    const stuck = response.writableLength > 0;
    response.end();
    if (stuck) response.destroy();
  };
  const fail = (error: unknown): void => {
    bounds.onFailure(error);
    end();
  };
  const send = (text: string): void => {
    if (response.writableEnded || response.destroyed) return;
    if (response.writableLength > largestBacklogBytes + (firstBurstBytes ?? 0)) {
      response.destroy();
      return;
    }
    firstBurstBytes ??= Buffer.byteLength(text);
    response.write(text);
  };
  const heartbeat = setInterval(() => {
    bounds.mayGoOn().then((may) => (may ? send(reply.heartbeat) : end()), fail);
  }, bounds.heartbeatMs);
  heartbeat.unref();
  bounds.closing.addEventListener('abort', end, { once: true });
  response.once('close', () => {
    clearInterval(heartbeat);
    bounds.closing.removeEventListener('abort', end);
    ended.abort();
  });
  const stream: OpenStream = { send, fail, ended: ended.signal };
  try {
    reply.stream(stream);
  } catch (error) {
    fail(error);
  }
  if (bounds.closing.aborted) end();
}
