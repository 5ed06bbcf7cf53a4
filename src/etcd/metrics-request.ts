import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { readSecureContext } from './credentials.ts';
import type { TlsFiles } from './types.ts';

/**
 * Asks for a page and resolves with its answer, whatever its status, not yet read. The connection is an own one, for this
 * request only: Node's shared agent may be told by the environment to use a proxy. Rejects with errors of node:http, or
 * with `ETCD_CERT_UNREADABLE`.
 */
export async function openPage(
  url: URL,
  tls: TlsFiles | undefined,
  member: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const options: RequestOptions = { agent: false, signal, headers: { accept: 'text/plain;version=0.0.4' } };
  const call =
    url.protocol === 'https:'
      ? requestHttps(url, { ...options, ...(await readSecureContext(tls ?? {}, member)) })
      : requestHttp(url, options);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  call.once('response', resolve);
  call.once('error', reject);
  call.end();
  return promise;
}
