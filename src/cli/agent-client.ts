import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AgentError } from '../cluster/agent-error.ts';

/** Where an agent answers, and what it needs to see. */
export interface AgentAddress {
  /** `http://127.0.0.1:9379`, `https://host:9379` or `unix:/path/to/agent.sock`. */
  readonly url: string;
  /** Bearer token. */
  readonly token?: string;
  /** PEM texts: the CA of the agent's certificate (absent: the system's), and an own certificate with its key. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const READ_TIMEOUT_MS = 10_000;
/** Longer than an agent tries to find out what became of a change in etcd: 30 s. */
const CHANGE_TIMEOUT_MS = 40_000;
/** An observation of a large cluster has some hundred KiB. */
const MAX_REPLY_BYTES = 32 * 2 ** 20;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** One call: what is asked for, and what is sent along. */
interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Called when the agent may have seen the request. */
  readonly onSent?: () => void;
}

/** Asks one agent's API. */
export class AgentClient {
  readonly url: string;
  readonly #address: AgentAddress;
  readonly #target: RequestOptions & { readonly secure: boolean };

  /** Throws `USAGE` where the URL is none, or where the token would cross the network in plain text. */
  constructor(address: AgentAddress) {
    this.url = address.url;
    this.#address = address;
    this.#target = targetOf(address);
  }

  /**
   * The JSON at a path, parsed. Throws `AGENT_UNREACHABLE` where no agent answers, else the code and the sentence of the
   * problem that the agent answered with.
   */
  async get(path: string, signal?: AbortSignal): Promise<unknown> {
    return await this.#json({ method: 'GET', path }, signal);
  }

  /**
   * Sends JSON, once, and gives what the agent answers, undefined where that is nothing. Throws as `get` does, and
   * `AGENT_OUTCOME_UNKNOWN` where the request may have arrived but no answer came.
   */
  async post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
    return await this.#json({ method: 'POST', path, body }, signal);
  }

  /** Ends what is at a path, once; answers and throws as `post` does. */
  async delete(path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
    return await this.#json({ method: 'DELETE', path, ...(body === undefined ? {} : { body }) }, signal);
  }

  async #json(call: Call, given: AbortSignal | undefined): Promise<unknown> {
    const signal = given ?? AbortSignal.timeout(call.method === 'GET' ? READ_TIMEOUT_MS : CHANGE_TIMEOUT_MS);
    let mayHaveArrived = false;
    const onSent = (): void => {
      mayHaveArrived = call.method !== 'GET';
    };
    const { status, body } = await this.#ask({ ...call, onSent }, signal).catch((error: unknown) => {
      throw this.#noAnswer(error, mayHaveArrived, signal);
    });
    const json = parse(body);
    const isAnswer = status === 200 ? json !== undefined : status > 200 && status < 300;
    if (isAnswer && (json !== undefined || body === '')) {
      return json;
    }
    if (isProblem(json)) {
      const remedy = status === 401 || status === 403 ? { remedy: tokenRemedy } : {};
      throw new AgentError(json.code, `The agent at ${this.url} answered: ${json.detail}`, remedy);
    }
    throw new AgentError(
      'AGENT_UNREACHABLE',
      `Something answers at ${this.url}, but it is no agent (HTTP status ${status}).`,
      { remedy },
    );
  }

  async #ask({ method, path, body, onSent }: Call, signal: AbortSignal): Promise<{ status: number; body: string }> {
    const { secure, ...target } = this.#target;
    const { token, ca, cert, key } = this.#address;
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const content =
      payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length };
    const options: RequestOptions = {
      ...target,
      method,
      path,
      agent: false,
      signal,
      headers: { accept: 'application/json', ...authorization, ...content },
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = secure
        ? httpsRequest({ ...options, ...defined({ ca, cert, key }) }, resolve)
        : httpRequest(options, resolve);
      request.on('error', reject);
      request.once('socket', (socket) => {
        socket.once(secure ? 'secureConnect' : 'connect', () => onSent?.());
      });
      request.end(payload);
    });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_REPLY_BYTES) {
        throw new Error(`the reply is larger than ${MAX_REPLY_BYTES} bytes`);
      }
    }
    return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
  }

  #noAnswer(error: unknown, mayHaveArrived: boolean, signal: AbortSignal): AgentError {
    const reason = signal.aborted ? 'no answer in time' : reasonOf(error);
    if (mayHaveArrived) {
      const message = `The agent at ${this.url} did not answer: ${reason}. It may have done what was asked all the same.`;
      return new AgentError('AGENT_OUTCOME_UNKNOWN', message, { cause: error, remedy: outcomeRemedy });
    }
    return new AgentError('AGENT_UNREACHABLE', `No agent could be reached at ${this.url}: ${reason}.`, {
      cause: error,
      remedy,
    });
  }
}

const remedy =
  'Check that the agent runs and where it listens (expose.listen); --agent or ETCD_CARETAKER_AGENT names another one, --ca its CA.';
const outcomeRemedy = 'Look with `etcd-caretaker explain` before asking again.';
const tokenRemedy = 'Give the token of the agent with --token-file or ETCD_CARETAKER_TOKEN.';

function targetOf({ url, token }: AgentAddress): RequestOptions & { secure: boolean } {
  const socket = /^unix:(?:\/\/)?(\/.+)$/.exec(url)?.[1];
  if (socket !== undefined) {
    return { secure: false, socketPath: socket, host: 'localhost' };
  }
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw new AgentError('USAGE', `"${url}" is not the URL of an agent.`, {
      remedy: 'Write it as http://127.0.0.1:9379, https://host:9379 or unix:/path/to/agent.sock.',
    });
  }
  const secure = parsed.protocol === 'https:';
  if (!secure && token !== undefined && !LOOPBACK.test(parsed.hostname)) {
    throw new AgentError('USAGE', `The token is not sent to ${url}: it would cross the network in plain text.`, {
      remedy: 'Use https://, or leave the token out.',
    });
  }
  return {
    secure,
    // Node wants IPv6 addresses without the brackets that a URL needs.
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? (secure ? 443 : 80) : parsed.port,
  };
}

/** Several addresses of one name fail together; then the reasons are inside. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) {
    return error.errors.map(reasonOf).join(', ');
  }
  return error instanceof Error ? error.message : String(error);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isProblem(json: unknown): json is { readonly code: string; readonly detail: string } {
  if (typeof json !== 'object' || json === null || !('code' in json) || !('detail' in json)) {
    return false;
  }
  return typeof json.code === 'string' && typeof json.detail === 'string';
}

function defined(tls: Record<'ca' | 'cert' | 'key', string | undefined>): { ca?: string; cert?: string; key?: string } {
  return Object.fromEntries(Object.entries(tls).filter(([, pem]) => pem !== undefined));
}
