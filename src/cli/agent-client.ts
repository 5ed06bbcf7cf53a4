import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AgentError } from '../cluster/agent-error.ts';
import { speaksTls } from '../etcd/diagnose.ts';

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

const TIMEOUT_MS = 10_000;
const TLS_GREETING_MS = 2000;
/** How OpenSSL says that the answer to a TLS greeting is none. */
const notTls = /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO)$/;
/** An observation of a large cluster has some hundred KiB. */
const MAX_REPLY_BYTES = 32 * 2 ** 20;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Reads from one agent's API. */
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
  async get(path: string, signal: AbortSignal = AbortSignal.timeout(TIMEOUT_MS)): Promise<unknown> {
    const { status, body } = await this.#ask(path, signal).catch(async (error: unknown) => {
      throw (await this.#otherScheme(error, signal)) ?? this.#unreachable(error, signal);
    });
    const json = parse(body);
    if (status === 200 && json !== undefined) {
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

  async #ask(path: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
    const { secure, ...target } = this.#target;
    const { token, ca, cert, key } = this.#address;
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const options: RequestOptions = {
      ...target,
      path,
      agent: false,
      signal,
      headers: { accept: 'application/json', ...authorization },
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = secure
        ? httpsRequest({ ...options, ...defined({ ca, cert, key }) }, resolve)
        : httpRequest(options, resolve);
      request.on('error', reject);
      request.end();
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

  /** The error that says that TLS was spoken to what is plain, or the other way; undefined where it was neither. */
  async #otherScheme(error: unknown, signal: AbortSignal): Promise<AgentError | undefined> {
    const { secure, socketPath, host, port } = this.#target;
    const code = codeOf(error);
    if (socketPath != null || signal.aborted) return undefined;
    if (secure && notTls.test(code)) {
      return this.#wrongScheme(error, 'speaks plain HTTP, without TLS', 'http');
    }
    // A TLS server hangs up on plain requests without a word, so whether it is one has to be tried.
    const hungUp = !secure && (code === 'ECONNRESET' || code === 'EPIPE');
    return hungUp && (await speaksTls(String(host), Number(port), TLS_GREETING_MS, signal))
      ? this.#wrongScheme(error, 'speaks TLS', 'https')
      : undefined;
  }

  #wrongScheme(cause: unknown, what: string, scheme: 'http' | 'https'): AgentError {
    const url = this.url.replace(/^https?:/i, `${scheme}:`);
    const certificate = scheme === 'https' ? ", with the CA of the agent's certificate in --ca" : '';
    return new AgentError('AGENT_UNREACHABLE', `What answers at ${this.url} ${what}.`, {
      cause,
      remedy: `Use ${url}${certificate}.`,
    });
  }

  #unreachable(error: unknown, signal: AbortSignal): AgentError {
    const reason = signal.aborted ? 'no answer in time' : reasonOf(error);
    return new AgentError('AGENT_UNREACHABLE', `No agent could be reached at ${this.url}: ${reason}.`, {
      cause: error,
      remedy,
    });
  }
}

const remedy =
  'Check that the agent runs and where it listens (expose.listen); --agent or ETCD_CARETAKER_AGENT names another one, --ca its CA.';
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

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
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
