import type { IncomingMessage } from 'node:http';
import { ProblemError } from './problem.ts';

/**
 * Refuses what a page of another site sends. Nothing here takes cookies, so such a page has no credentials to misuse but a
 * client certificate that its browser shows by itself; and a browser names the page's origin with every change. Throws
 * `ProblemError` 403.
 */
export function refuseForeignOrigin({ headers }: IncomingMessage): void {
  const { origin, host = '' } = headers;
  if (origin === undefined && headers['sec-fetch-site'] !== 'cross-site') {
    return;
  }
  const from = URL.parse(origin ?? '')?.host ?? '';
  if (from === '' || from !== host.toLowerCase().replace(/:(?:80|443)$/, '')) {
    const detail = 'A page of another site may change nothing here.';
    throw new ProblemError({ status: 403, code: 'ORIGIN_FOREIGN', detail });
  }
}
