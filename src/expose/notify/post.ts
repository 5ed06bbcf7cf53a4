import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Fault } from '../../cluster/observation.ts';

/** How one attempt to tell somebody ended. `again`: it may work later. Nothing in it holds the URL. */
export type Attempt =
  | { readonly delivered: true }
  | { readonly delivered: false; readonly again: boolean; readonly fault: Fault };

/** Statuses of refusals that a later attempt may not meet. */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Posts JSON once, without following redirects and without a proxy. Never rejects.
 * @param signal ends the attempt, and what is left of the connection after it
 */
export async function postOnce(
  url: URL,
  json: unknown,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Attempt> {
  const { promise, resolve } = Promise.withResolvers<Attempt>();
  const body = Buffer.from(JSON.stringify(json));
  const headers = { 'content-type': 'application/json', 'content-length': body.length, 'user-agent': 'etcd-caretaker' };
  const failed = (code: string, message: string): void =>
    resolve({ delivered: false, again: true, fault: { code, message: `${url.host} was not told: ${message}.` } });
  try {
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
    const request = send(url, { method: 'POST', agent: false, signal, headers }, (response) => {
      response.on('error', () => undefined).resume();
      resolve(attemptOf(response.statusCode ?? 0, url.host));
    });
    // Also ends an answer that goes on and on.
    const timer = setTimeout(() => {
      failed('NOTIFY_TIMEOUT', `it did not answer within ${timeoutMs} ms`);
      request.destroy();
    }, timeoutMs);
    request.once('close', () => {
      clearTimeout(timer);
      failed('NOTIFY_FAILED', 'the connection ended');
    });
    request.on('error', (error: NodeJS.ErrnoException) => failed('NOTIFY_FAILED', error.code ?? error.name));
    request.end(body);
  } catch (error) {
    failed('NOTIFY_FAILED', error instanceof Error && 'code' in error ? String(error.code) : 'it could not be asked');
  }
  return await promise;
}

function attemptOf(status: number, host: string): Attempt {
  if (status >= 200 && status < 300) {
    return { delivered: true };
  }
  const again = status >= 500 || passing.has(status);
  const message = `${host} was not told: it answered with HTTP status ${status}.`;
  const remedy = again ? undefined : 'Look at the URL and at what the receiver takes.';
  const fault = { code: 'NOTIFY_REFUSED', message, ...(remedy === undefined ? {} : { remedy }) };
  return { delivered: false, again, fault };
}
