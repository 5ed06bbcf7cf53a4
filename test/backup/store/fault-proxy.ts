import { once } from 'node:events';
import {
  request as ask,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { allOf } from './all-of.ts';
import { type S3Features, s3Features } from './s3-features.ts';

/** What a request meets instead of the server, or after it. */
export type Fault =
  | 'none'
  /** The connection is reset as the request arrives, or when half of it has. */
  | 'reset'
  | 'cut-request'
  /** The server is not asked. */
  | 'status-500'
  | 'status-503'
  | 'status-403'
  /** The object lies in an archive class. */
  | 'cold'
  /** Something in between answers with a page of its own. */
  | 'page-200'
  /** The server does it, and its answer is lost, ends midway, or never comes. */
  | 'lose-answer'
  | 'cut-answer'
  | 'hang'
  | 'hang-midway'
  /** A few bytes at a time. */
  | 'slow-answer';

/** A request as it arrived. */
export interface Arrived {
  /** From 1 on, since the faults were set. */
  readonly index: number;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An HTTP proxy on loopback before a server of S3. */
export interface FaultProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** All requests since the faults were set. */
  readonly arrived: readonly Arrived[];
  /** What the following requests meet; counts from 1 again. */
  faults(choose: (arrived: Arrived) => Fault): void;
  /** Connections are refused until it is up again. */
  down(): Promise<void>;
  up(): Promise<void>;
}

/** Starts one before the server at `port`. @param features what the server lacks and S3 has */
export async function startFaultProxy(
  target: { readonly port: number; readonly directory: string },
  features: S3Features = {},
): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let choose: (arrived: Arrived) => Fault = () => 'none';
  let arrived: Arrived[] = [];
  let count = 0;
  const asS3 = s3Features(target.directory, features, (request) => forward(target.port, request));

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    count += 1;
    const known = { index: count, method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers };
    const fault = choose({ ...known, body: Buffer.alloc(0) });
    if (fault === 'reset') {
      incoming.socket.resetAndDestroy();
      return;
    }
    if (fault === 'cut-request') {
      // One without a body is cut once it has been read.
      incoming.once('data', () => incoming.socket.destroy()).once('end', () => incoming.socket.destroy());
      return;
    }
    const body = Buffer.concat(await allOf(incoming as AsyncIterable<Buffer>));
    const request = { ...known, body };
    arrived.push(request);
    const own = ownAnswer(fault);
    const answer = own ?? (await asS3(request));
    await give(answer, fault, incoming, response);
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const down = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    get arrived() {
      return arrived;
    },
    faults: (next) => {
      choose = next;
      arrived = [];
      count = 0;
    },
    down,
    up: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    [Symbol.asyncDispose]: down,
  };
}

function ownAnswer(fault: Fault): Answer | undefined {
  if (fault === 'page-200') {
    return {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: Buffer.from('<html><body>Sign in</body></html>'),
    };
  }
  if (fault === 'cold') return errorAnswer(403, 'InvalidObjectState');
  const status = /^status-(\d+)$/.exec(fault)?.[1];
  return status === undefined ? undefined : errorAnswer(Number(status), status === '403' ? 'AccessDenied' : 'SlowDown');
}

/** An error as S3 says it. */
export function errorAnswer(status: number, code: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>by the test</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) };
}

async function give(answer: Answer, fault: Fault, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  if (fault === 'hang') return;
  if (fault === 'lose-answer') {
    incoming.socket.destroy();
    return;
  }
  const isHead = incoming.method === 'HEAD';
  const length = isHead ? answer.headers['content-length'] : String(answer.body.length);
  response.writeHead(answer.status, {
    ...withoutHopHeaders(answer.headers),
    ...(length === undefined ? {} : { 'content-length': length }),
  });
  response.flushHeaders();
  const half = answer.body.subarray(0, Math.floor(answer.body.length / 2));
  if (fault === 'cut-answer') {
    response.write(half, () => incoming.socket.destroy());
  } else if (fault === 'hang-midway') {
    response.write(half);
  } else if (fault === 'slow-answer') {
    const step = Math.max(1, Math.ceil(answer.body.length / 20));
    for (let at = 0; at < answer.body.length; at += step) {
      response.write(answer.body.subarray(at, at + step));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    response.end();
  } else {
    response.end(isHead ? undefined : answer.body);
  }
}

function withoutHopHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection: _, 'transfer-encoding': __, 'keep-alive': ___, ...rest } = headers;
  return rest;
}

async function forward(port: number, { method, url, headers, body }: Arrived): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = ask(
    { host: '127.0.0.1', port, method, path: url, headers: withoutHopHeaders(headers), agent: false },
    (answer) => {
      allOf(answer as AsyncIterable<Buffer>).then(
        (pieces) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }),
        reject,
      );
    },
  );
  outgoing.on('error', reject);
  outgoing.end(body);
  return await promise;
}
