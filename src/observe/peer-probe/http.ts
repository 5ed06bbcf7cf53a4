import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { type EndpointAddress, hostPort } from '../endpoint-url.ts';
import { type ClockSample, compareClocks } from './clock.ts';
import { codeOf, ProbeError } from './probe-error.ts';
import { waitOn } from './socket-wait.ts';

/** What a peer answered over HTTP. */
export interface Answered {
  /** From the request to the head of the answer, on a connection that was open already. */
  readonly seconds: number;
  readonly clock?: ClockSample;
}

/** Where etcd's peer listener answers `{"OK":true,"Now":"…"}`; etcd's own peers probe each other there. */
const probingPath = '/raft/probing';

/** Etcd's answer has some 50 bytes. */
const longestAnswerBytes = 4096;

/**
 * One HTTP request on an open connection, which ends it. Throws `ProbeError` (also for an answer that is not etcd's),
 * or the signal's reason.
 */
export async function askOverHttp(
  socket: Socket,
  target: EndpointAddress,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Answered> {
  const where = hostPort(target);
  return await waitOn<Answered>(socket, { ...options, where, what: 'the HTTP answer' }, (resolve, reject) => {
    const sent = { atMs: Date.now(), monotonicMs: performance.now() };
    const asking = request({
      createConnection: () => socket,
      path: probingPath,
      headers: { host: where, connection: 'close' },
    });
    // `HPE_…` are the codes of Node's HTTP parser.
    asking.on('error', (error) => reject(codeOf(error).startsWith('HPE_') ? invalidAnswer(where) : error));
    asking.on('response', (answer) => {
      const seconds = (performance.now() - sent.monotonicMs) / 1000;
      readAnswer(answer, where).then((now) => {
        const { date } = answer.headers;
        const clock = compareClocks({ sentAtMs: sent.atMs, roundTripSeconds: seconds, now, date });
        resolve({ seconds, ...(clock === undefined ? {} : { clock }) });
      }, reject);
    });
    asking.end();
  });
}

/** The time in etcd's answer, where it has one. */
async function readAnswer(answer: IncomingMessage, where: string): Promise<string | undefined> {
  if (answer.statusCode !== 200) {
    throw new ProbeError('PEER_HTTP_STATUS', `${where}: ${probingPath} answered ${answer.statusCode}.`, {
      remedy: "Check that the peer URL leads to etcd's peer port, and not to another server.",
    });
  }
  const body = await readBounded(answer, where);
  const parsed = parseJson(body);
  if (typeof parsed !== 'object' || parsed === null || !('OK' in parsed) || parsed.OK !== true) {
    throw invalidAnswer(where);
  }
  return 'Now' in parsed && typeof parsed.Now === 'string' ? parsed.Now : undefined;
}

async function readBounded(answer: IncomingMessage, where: string): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer) {
    if (!Buffer.isBuffer(piece)) {
      throw invalidAnswer(where);
    }
    bytes += piece.length;
    if (bytes > longestAnswerBytes) {
      throw invalidAnswer(where);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalidAnswer(where: string): ProbeError {
  return new ProbeError('PEER_ANSWER_INVALID', `${where}: ${probingPath} did not answer as etcd does.`, {
    remedy: "Check that the peer URL leads to etcd's peer port, and not to another server or a proxy's own page.",
  });
}
