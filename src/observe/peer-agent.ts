import { type IncomingMessage, request as plainRequest } from 'node:http';
import { type RequestOptions, request as tlsRequest } from 'node:https';
import { within } from '../abort/linked-abort.ts';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import { refused, urlToAsk } from './peer-agent/may-ask.ts';
import { type Credentials, TlsCredentials } from './tls-credentials.ts';

export interface PeerAgentsOptions {
  /** The agent's own certificate (`expose.tls.cert`, `key`), and the CA of the others' (`expose.tls.clientCa`). */
  readonly tls: { readonly cert?: string; readonly key?: string; readonly clientCa?: string };
  /** Client and peer URLs of the member list, as known now. */
  readonly memberUrls: () => Iterable<string>;
  readonly timeoutMs: number;
  /** The bearer token that is sent along where something is to be changed, as it is now; absent where there is none. */
  readonly token?: () => Promise<string>;
  /** An observation of a large cluster has some hundred KiB; default 8 MiB. */
  readonly largestReplyBytes?: number;
}

const defaultLargestBytes = 8 * 2 ** 20;

/**
 * Asks other agents for what they see. On this machine as it is; elsewhere only by TLS, with the own certificate, and only
 * who shows a certificate of the agents' CA for the host of its URL, which has to be a member's. Holds nothing open.
 */
export class PeerAgents {
  readonly #options: PeerAgentsOptions;
  readonly #credentials: TlsCredentials;

  constructor(options: PeerAgentsOptions) {
    this.#options = options;
    const { cert, key, clientCa } = options.tls;
    this.#credentials = new TlsCredentials({
      ...(clientCa === undefined ? {} : { ca: clientCa }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
  }

  /**
   * The JSON at a path of an agent.
   * @throws AgentError `PEER_AGENT_REFUSED` where it must not be asked, `PEER_AGENT_UNREACHABLE` where it does not answer
   * in time or with what this is not, `TLS_FILES`; or the signal's reason
   */
  async fetch(base: string, path: string, signal: AbortSignal): Promise<unknown> {
    return await this.#ask(base, path, {}, signal);
  }

  /**
   * Sends JSON to a path of an agent, under the same rules; gives the JSON that it answers.
   * @throws AgentError as `fetch` does, and with the code of the problem that the agent answered with
   */
  async post(base: string, path: string, json: string, signal: AbortSignal): Promise<unknown> {
    const token = await this.#options.token?.();
    return await this.#ask(base, path, { json, ...(token === undefined ? {} : { token }) }, signal);
  }

  async #ask(base: string, path: string, sent: Sent, signal: AbortSignal): Promise<unknown> {
    const { timeoutMs, memberUrls, largestReplyBytes = defaultLargestBytes } = this.#options;
    const url = urlToAsk(base, path, memberUrls());
    const credentials = url.protocol === 'https:' ? await this.#credentials.current() : undefined;
    if (credentials?.verifies === false) {
      throw refused(url.host, 'without expose.tls.clientCa nobody could tell whether it is one of the agents');
    }
    try {
      return await within([signal], timeoutMs, async (until) => {
        try {
          return JSON.parse(await textOf(await open(url, credentials, sent, until), largestReplyBytes));
        } catch (error) {
          // A connection that was cut for being late says only that it was cut.
          until.throwIfAborted();
          throw error;
        }
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof AgentError ? error : unreachable(url.host, error);
    }
  }
}

/** Another agent answers that it does not do it: the cause of a `PEER_AGENT_UNREACHABLE`. */
export class PeerAgentStatus extends Error {
  readonly status: number;

  constructor(status: number, code?: string) {
    super(`it answers with HTTP status ${status}${code === undefined ? '' : ` (${code})`}`);
    this.name = 'PeerAgentStatus';
    this.status = status;
  }
}

/** What goes along with a request. */
interface Sent {
  readonly json?: string;
  readonly token?: string;
}

async function open(
  url: URL,
  credentials: Credentials | undefined,
  { json, token }: Sent,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options: RequestOptions = {
    method: json === undefined ? 'GET' : 'POST',
    agent: false,
    signal,
    headers: {
      accept: 'application/json',
      ...(json === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  };
  const request =
    credentials === undefined
      ? plainRequest(url, options, resolve)
      : tlsRequest(url, securely(options, credentials), resolve);
  request.on('error', reject);
  request.end(json);
  return await promise;
}

/** The options of a TLS connection; Node hands the context on to it, though its types do not say so. */
function securely(options: RequestOptions, { context }: Credentials): RequestOptions {
  const secure = { ...options, secureContext: context, rejectUnauthorized: true };
  return secure;
}

/** The body of a good answer; the rest of any other is not read. */
async function textOf(response: IncomingMessage, largestBytes: number): Promise<string> {
  try {
    const { statusCode = 0, headers } = response;
    const isProblem = headers['content-type']?.startsWith('application/problem+json') === true;
    if (statusCode !== 200 && !isProblem) throw new PeerAgentStatus(statusCode);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > largestBytes) throw new Error(`its answer is larger than ${largestBytes} bytes`);
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    if (statusCode !== 200) throw problemIn(text, statusCode);
    return text;
  } finally {
    response.destroy();
  }
}

/** What an agent says of why it does not do it: its own code, where it has one. */
function problemIn(text: string, status: number): Error {
  const { code, detail } = Object(JSON.parse(text)) as { readonly code?: unknown; readonly detail?: unknown };
  // Whoever only reads has to know no more than that there is nothing to be had.
  if (typeof code !== 'string' || typeof detail !== 'string' || !code.startsWith('RECOVERY_')) {
    return new PeerAgentStatus(status, typeof code === 'string' ? code : undefined);
  }
  return new AgentError(code, detail, {});
}

function unreachable(where: string, error: unknown): AgentError {
  const isTimeout = error instanceof Error && error.name === 'TimeoutError';
  const why = isTimeout
    ? 'no answer in time'
    : error instanceof SyntaxError
      ? 'its answer is not JSON'
      : faultOf(error).message;
  return new AgentError('PEER_AGENT_UNREACHABLE', `The agent at ${where} could not be read: ${why}.`, {
    cause: error,
    remedy: 'Check that it runs, and where it listens (expose.listen, expose.advertise).',
  });
}
