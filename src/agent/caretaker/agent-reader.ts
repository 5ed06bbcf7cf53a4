import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';

/** Certificates with which the agents know each other: those of `expose.tls`. */
export interface AgentTls {
  readonly cert?: string;
  readonly key?: string;
  readonly clientCa?: string;
}

export interface AgentReaderOptions {
  readonly tls: AgentTls;
  /** Hosts of the members, by their URLs: an agent stands beside a member, or it is none of ours. */
  readonly memberHosts: () => ReadonlySet<string>;
}

/** An observation of a large cluster has some hundred KiB. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * Reads JSON from the API of another agent. On loopback as it is; elsewhere only by TLS with both sides' certificates, to
 * hosts that the member list names: the URL comes from the journal, where whoever may write to etcd could have put another.
 * @throws AgentError `PEER_AGENT_REFUSED`, `PEER_AGENT_UNREACHABLE`
 */
export async function readAgent(
  { tls, memberHosts }: AgentReaderOptions,
  base: string,
  path: string,
  signal: AbortSignal,
): Promise<unknown> {
  const url = URL.parse(path, base);
  if (url === null || !/^https?:$/.test(url.protocol)) throw refused(base, 'it is not the URL of an agent');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const local = /^(localhost|127(\.\d+){3}|::1)$/.test(host);
  if (!local && url.protocol === 'http:') throw refused(base, 'it is plain HTTP to another machine');
  if (!local && !memberHosts().has(host)) throw refused(base, `no member has a URL with the host ${host}`);
  const secure = url.protocol === 'https:';
  const response = await open(url, secure ? await credentials(base, tls) : {}, signal).catch((error: unknown) => {
    throw unreachable(base, error, signal);
  });
  const body = await textOf(response).catch((error: unknown) => {
    throw unreachable(base, error, signal);
  });
  if (response.statusCode !== 200) {
    throw unreachable(base, new Error(`it answers with status ${response.statusCode}`), signal);
  }
  try {
    return JSON.parse(body);
  } catch (error) {
    throw unreachable(base, error, signal);
  }
}

type Credentials = Partial<Record<'ca' | 'cert' | 'key', string>>;

/** Read at each use, so that renewed files count at once. */
async function credentials(base: string, { cert, key, clientCa }: AgentTls): Promise<Credentials> {
  const read = async (name: 'ca' | 'cert' | 'key', file: string | undefined): Promise<Credentials> =>
    file === undefined ? {} : { [name]: await readFile(file, 'utf8') };
  try {
    const parts = await Promise.all([read('ca', clientCa), read('cert', cert), read('key', key)]);
    return Object.assign({}, ...parts);
  } catch (error) {
    throw refused(base, `a file of expose.tls cannot be read: ${faultOf(error).message}`);
  }
}

function open(url: URL, credentials: Credentials, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, signal, headers: { accept: 'application/json' } };
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, ...credentials }, resolve)
        : httpRequest(url, options, resolve);
    request.on('error', reject);
    request.end();
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`the answer is larger than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refused(base: string, why: string): AgentError {
  return new AgentError('PEER_AGENT_REFUSED', `The agent at ${base} is not asked: ${why}.`, {
    remedy:
      'Agents on several machines need expose.tls with cert, key and clientCa, and expose.advertise with the host of their member.',
  });
}

function unreachable(base: string, error: unknown, signal: AbortSignal): AgentError {
  const why = signal.aborted ? 'no answer in time' : faultOf(error).message;
  return new AgentError('PEER_AGENT_UNREACHABLE', `The agent at ${base} could not be read: ${why}.`, {
    cause: error,
    remedy: 'Check that it runs and where it listens (expose.listen, expose.advertise).',
  });
}
