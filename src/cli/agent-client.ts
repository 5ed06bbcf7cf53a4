import type { IncomingMessage, RequestOptions } from 'node:http';
import { AgentError } from '../cluster/agent-error.ts';
import { type DialFacts, faultOfDialError } from '../etcd/dial-faults.ts';
import { type AgentAddress, type Target, targetOf } from './agent-address.ts';
import type { ServerSentEvent } from './server-sent-events.ts';

const READ_TIMEOUT_MS = 10_000;
/** Longer than an agent tries to find out what became of a change in etcd: 30 s. */
const CHANGE_TIMEOUT_MS = 40_000;
const TLS_GREETING_MS = 2000;
/** How OpenSSL says that the answer to a TLS greeting is none. */
const notTls = /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO)$/;
/** An observation of a large cluster has some hundred KiB. */
const MAX_REPLY_BYTES = 32 * 2 ** 20;

/** One call: what is asked for, and what is sent along. */
interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The content type that is wanted; JSON where it says nothing. */
  readonly accept?: string;
  /** Called when the agent may have seen the request. */
  readonly onSent?: () => void;
}

/**
 * Asks one agent's API. Node's modules for it are had when they are needed, and not by an import: that of `node:http` alone reads all of Node's
 * fetch and WebSocket as well, which takes longer (60 ms) than to ask the agent, and TLS is of no use on loopback.
 */
export class AgentClient {
  readonly url: string;
  readonly #address: AgentAddress;
  readonly #target: Target;

  /** Throws `USAGE` where the URL is none, or where the token would cross the network in plain text; and `PemError`. */
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

  /**
   * The server-sent events at a path as they come, and undefined for each comment, until the agent ends the stream. Throws as `get` does, and
   * `AGENT_UNREACHABLE` where the stream breaks off or nothing came for `silenceMs`; what ends the signal is thrown as it is.
   */
  async *events(
    path: string,
    { silenceMs, signal }: { readonly silenceMs: number; readonly signal: AbortSignal },
  ): AsyncGenerator<ServerSentEvent | undefined, void, undefined> {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(), silenceMs);
    const either = AbortSignal.any([signal, silence.signal]);
    try {
      const response = await this.#response({ method: 'GET', path, accept: 'text/event-stream' }, either);
      if (response.statusCode !== 200 || !/^text\/event-stream\b/.test(response.headers['content-type'] ?? '')) {
        throw this.#refusal(response.statusCode ?? 0, parse(await textOf(response)));
      }
      // Only what follows a stream waits for the library that reads it.
      const { serverSentEvents } = await import('./server-sent-events.ts');
      for await (const event of serverSentEvents(response)) {
        timer.refresh();
        yield event;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AgentError) throw error;
      throw (await this.#otherScheme(error, either)) ?? this.#noAnswer(error, false, either);
    } finally {
      clearTimeout(timer);
      // Whoever reads no further does not want the connection either.
      silence.abort();
    }
  }

  async #json(call: Call, given: AbortSignal | undefined): Promise<unknown> {
    const signal = given ?? AbortSignal.timeout(call.method === 'GET' ? READ_TIMEOUT_MS : CHANGE_TIMEOUT_MS);
    let mayHaveArrived = false;
    const onSent = (): void => {
      mayHaveArrived = call.method !== 'GET';
    };
    const { status, body } = await this.#ask({ ...call, onSent }, signal).catch(async (error: unknown) => {
      throw (await this.#otherScheme(error, signal)) ?? this.#noAnswer(error, mayHaveArrived, signal);
    });
    const json = parse(body);
    const isAnswer = status === 200 ? json !== undefined : status > 200 && status < 300;
    if (isAnswer && (json !== undefined || body === '')) {
      return json;
    }
    throw this.#refusal(status, json);
  }

  /** What an answer says that is none. */
  #refusal(status: number, json: unknown): AgentError {
    if (isProblem(json)) {
      const missing = json.code === 'NO_CREDENTIALS_CONFIGURED' ? noTokenRemedy : tokenRemedy;
      const credentials = status === 401 || status === 403 ? { remedy: missing } : {};
      return new AgentError(json.code, `The agent at ${this.url} answered: ${json.detail}`, credentials);
    }
    return new AgentError(
      'AGENT_UNREACHABLE',
      `Something answers at ${this.url}, but it is no agent (HTTP status ${status}).`,
      { remedy: `${remedy} An agent does not listen on etcd's own port: beside 2379 it is 9379.` },
    );
  }

  async #ask(call: Call, signal: AbortSignal): Promise<{ status: number; body: string }> {
    const response = await this.#response(call, signal);
    return { status: response.statusCode ?? 0, body: await textOf(response) };
  }

  async #response({ method, path, body, accept, onSent }: Call, signal: AbortSignal): Promise<IncomingMessage> {
    const { secure, context, ...target } = this.#target;
    const { token } = this.#address;
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
      headers: { accept: accept ?? 'application/json', ...authorization, ...content },
    };
    return await new Promise<IncomingMessage>((resolve, reject) => {
      const request = secure
        ? process
            .getBuiltinModule('node:https')
            .request({ ...options, ...(context === undefined ? {} : { secureContext: context }) }, resolve)
        : process.getBuiltinModule('node:http').request(options, resolve);
      request.on('error', reject);
      request.once('socket', (socket) => {
        socket.once(secure ? 'secureConnect' : 'connect', () => onSent?.());
      });
      request.end(payload);
    });
  }

  #noAnswer(error: unknown, mayHaveArrived: boolean, signal: AbortSignal): AgentError {
    const facts = { secure: this.#target.secure, hasClientCertificate: this.#address.cert !== undefined };
    const why = signal.aborted ? { reason: 'no answer in time', remedy } : explained(error, facts);
    if (mayHaveArrived) {
      const message = `The agent at ${this.url} did not answer: ${why.reason}. It may have done what was asked all the same.`;
      return new AgentError('AGENT_OUTCOME_UNKNOWN', message, { cause: error, remedy: outcomeRemedy });
    }
    return new AgentError('AGENT_UNREACHABLE', `No agent could be reached at ${this.url}: ${why.reason}.`, {
      cause: error,
      remedy: why.remedy,
    });
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
    if (!hungUp) return undefined;
    const { speaksTls } = await import('../etcd/diagnose.ts');
    return (await speaksTls(String(host), Number(port), TLS_GREETING_MS, signal))
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
}

const remedy =
  'Check that the agent runs and where it listens (expose.listen); --agent or ETCD_CARETAKER_AGENT names another one, --ca its CA.';
const outcomeRemedy = 'Look with `etcd-caretaker explain` before asking again.';
const noTokenRemedy =
  'Set expose.auth.tokenFile in the configuration of every agent, start them again, and give that token with --token-file or ETCD_CARETAKER_TOKEN.';
const tokenRemedy = 'Give the token of the agent with --token-file or ETCD_CARETAKER_TOKEN.';

/** What is to be done about faults of TLS; all others are of the address. */
const tlsRemedies: ReadonlyMap<string, string> = new Map([
  ['ETCD_TLS_UNTRUSTED', "Give the CA of the agent's certificate with --ca."],
  ['ETCD_TLS_EXPIRED', "Renew the agent's certificate; until then its Unix socket answers: --agent unix:/path."],
  ['ETCD_TLS_WRONG_NAME', 'Use a host that the certificate names.'],
  ['ETCD_CLIENT_CERT_REQUIRED', 'Give a client certificate with --cert and --key.'],
  [
    'ETCD_CLIENT_CERT_REFUSED',
    'Give a certificate with --cert and --key that the CA in expose.tls.clientCa has signed.',
  ],
]);

/** Why nothing came back, in words, and what to do. */
function explained(error: unknown, facts: DialFacts): { readonly reason: string; readonly remedy: string } {
  const code = codeOf(error);
  if (!(error instanceof Error) || (code === '' && !(error instanceof AggregateError))) {
    return { reason: error instanceof Error ? error.message : String(error), remedy };
  }
  if (code.startsWith('HPE_')) return { reason: 'what answers does not speak HTTP', remedy };
  const fault = faultOfDialError(error, facts);
  return { reason: fault.reason, remedy: tlsRemedies.get(fault.code) ?? remedy };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_REPLY_BYTES) {
      throw new Error(`the reply is larger than ${MAX_REPLY_BYTES} bytes`);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
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
