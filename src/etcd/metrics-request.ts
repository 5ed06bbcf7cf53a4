import type { IncomingMessage } from 'node:http';
import { readTls } from './credentials.ts';
import { EtcdError } from './errors.ts';
import type { TlsFiles } from './types.ts';

/** What it takes to ask for a page. */
export interface PageRequest {
  readonly url: string;
  readonly member: string;
  readonly tls?: TlsFiles;
  readonly signal: AbortSignal;
}

/**
 * Asks for a metrics page and resolves with its body, not yet read, when the answer is 200. No proxy is ever used, and
 * the connection is not kept.
 * @throws EtcdError `ETCD_METRICS_REFUSED` for another status, `ETCD_UNREACHABLE` where nobody answers
 */
export async function openPage({ url, member, tls, signal }: PageRequest): Promise<IncomingMessage> {
  const { protocol } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { signal, agent: false, headers: { accept: 'text/plain;version=0.0.4', connection: 'close' } };
  if (protocol === 'https:') {
    const [{ get }, material] = await Promise.all([import('node:https'), readTls(tls ?? {}, member)]);
    get(url, { ...options, ...material }, resolve).on('error', reject);
  } else {
    const { get } = await import('node:http');
    get(url, options, resolve).on('error', reject);
  }
  const response = await promise.catch((cause: unknown) => {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EtcdError('ETCD_UNREACHABLE', `Cannot read the metrics page ${url} of ${member}: ${reason}`, {
      member,
      cause,
    });
  });
  if (response.statusCode !== 200) {
    response.destroy();
    const message = `Asked ${url} of ${member} for its metrics page and got the status ${response.statusCode}`;
    throw new EtcdError('ETCD_METRICS_REFUSED', message, { member });
  }
  return response;
}
