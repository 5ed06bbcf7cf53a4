import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A site of another origin. Whoever starts it closes it. */
export interface ForeignSite extends AsyncDisposable {
  readonly url: string;
}

/** Serves an empty page, from which a test does what a hostile site would. */
export async function foreignSite(): Promise<ForeignSite> {
  const server = createServer((_, reply) => {
    reply.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>elsewhere</title><p>elsewhere');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    // By name: another site than the agents' address too, not only another port.
    url: `http://localhost:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Ways in which a page of another site can have a browser send a change without being let to: expressions for its scripts. */
export function forgeries(agentUrl: string): readonly (readonly [way: string, script: string])[] {
  const [pause, operations] = [`${agentUrl}/api/v1/pause`, `${agentUrl}/api/v1/operations`].map((url) =>
    JSON.stringify(url),
  );
  const wish = JSON.stringify('{"reason":"forged","for":"2h"}');
  const sent = (url: string | undefined, init: string): string =>
    `fetch(${url}, ${init}).then(() => 'sent', () => 'refused')`;
  return [
    ['no-cors', sent(pause, `{ method: 'POST', mode: 'no-cors', credentials: 'include', body: ${wish} }`)],
    [
      'json with CORS',
      sent(
        pause,
        `{ method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body: ${wish} }`,
      ),
    ],
    [
      'an operation',
      sent(operations, `{ method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"operation":"defrag"}' }`),
    ],
    ['an end of a pause', sent(pause, `{ method: 'DELETE', credentials: 'include' }`)],
    ['a beacon', `navigator.sendBeacon(${pause}, ${wish})`],
    [
      'a form',
      `(() => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: ${pause}, enctype: 'text/plain', target: 'hidden' });
        const field = document.createElement('input');
        Object.assign(field, { name: '{"reason":"forged","for":"2h","by":"', value: '"}' });
        const frame = document.createElement('iframe');
        frame.name = 'hidden';
        form.append(field);
        document.body.append(frame, form);
        const answered = new Promise((resolve) => { frame.addEventListener('load', () => resolve('sent')); });
        form.submit();
        return answered;
      })()`,
    ],
  ];
}
