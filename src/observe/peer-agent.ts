import { type IncomingMessage, request as plainRequest } from 'node:http';
import { type RequestOptions, request as tlsRequest } from 'node:https';
import { within } from '../abort/linked-abort.ts';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import { refused, urlToAsk } from './peer-agent/may-ask.ts';
import {
  type PeerDecisions,
  type PeerObservation,
  type Revived,
  reviveDecisions,
  reviveObservation,
} from './peer-agent/revive.ts';
import { type Credentials, TlsCredentials } from './tls-credentials.ts';

export interface PeerAgentsOptions {
  /** The agent's own certificate (`expose.tls.cert`, `key`), and the CA of the others' (`expose.tls.clientCa`). */
  readonly tls: { readonly cert?: string; readonly key?: string; readonly clientCa?: string };
  /** Client and peer URLs of the member list, as known now. */
  readonly memberUrls: () => Iterable<string>;
  readonly timeoutMs: number;
  /** An observation of a large cluster has some hundred KiB; default 8 MiB. */
  readonly largestReplyBytes?: number;
}

/** Of an agent, what is needed to ask it. */
export interface PeerAgent {
  readonly memberId: string;
  readonly member: string;
  readonly url: string;
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
   * What the agent beside a member observes. Throws what `fetch` throws, `PEER_AGENT_ANSWER` where that is no observation,
   * and `PEER_AGENT_WRONG_MEMBER` where it is one of another member.
   */
  async observation(agent: PeerAgent, signal: AbortSignal): Promise<PeerObservation> {
    const value = readOf(agent, reviveObservation(await this.fetch(agent.url, '/api/v1/observation', signal)));
    const { member, sections } = value.observation;
    const id = sections.member?.value?.status.memberId;
    // While it does not see its member, all that is known is the name that it was configured with.
    const isRight = id === undefined ? member === agent.member : id === agent.memberId;
    if (!isRight) {
      const message = `The agent that is registered beside ${agent.member} observes another member.`;
      const remedy = 'Look at expose.advertise of the agents: each names its own URL there.';
      throw new AgentError('PEER_AGENT_WRONG_MEMBER', message, { member: agent.member, remedy });
    }
    return value;
  }

  /** What the leading agent decided last. Throws what `fetch` throws, and `PEER_AGENT_ANSWER`. */
  async decisions(agent: PeerAgent, signal: AbortSignal): Promise<PeerDecisions> {
    return readOf(agent, reviveDecisions(await this.fetch(agent.url, '/api/v1/decisions', signal)));
  }

  /**
   * The JSON at a path of an agent.
   * @throws AgentError `PEER_AGENT_REFUSED` where it must not be asked, `PEER_AGENT_UNREACHABLE` where it does not answer
   * in time or with what this is not, `TLS_FILES`; or the signal's reason
   */
  async fetch(base: string, path: string, signal: AbortSignal): Promise<unknown> {
    const { timeoutMs, memberUrls, largestReplyBytes = defaultLargestBytes } = this.#options;
    const url = urlToAsk(base, path, memberUrls());
    const credentials = url.protocol === 'https:' ? await this.#credentials.current() : undefined;
    if (credentials?.verifies === false) {
      throw refused(url.host, 'without expose.tls.clientCa nobody could tell whether it is one of the agents');
    }
    try {
      return await within([signal], timeoutMs, async (until) => {
        try {
          return JSON.parse(await textOf(await open(url, credentials, until), largestReplyBytes));
        } catch (error) {
          // A connection that was cut for being late says only that it was cut.
          until.throwIfAborted();
          throw error;
        }
      });
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(url.host, error);
    }
  }
}

async function open(url: URL, credentials: Credentials | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { agent: false, signal, headers: { accept: 'application/json' } } as const;
  const request =
    credentials === undefined
      ? plainRequest(url, options, resolve)
      : tlsRequest(url, securely(options, credentials), resolve);
  request.on('error', reject);
  request.end();
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
    if (response.statusCode !== 200) throw new Error(`it answers with HTTP status ${response.statusCode}`);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > largestBytes) throw new Error(`its answer is larger than ${largestBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    response.destroy();
  }
}

function readOf<T>({ member }: PeerAgent, revived: Revived<T>): T {
  if ('value' in revived) return revived.value;
  const { code, message, remedy } = revived.fault;
  throw new AgentError(code, message, { member, ...(remedy === undefined ? {} : { remedy }) });
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
