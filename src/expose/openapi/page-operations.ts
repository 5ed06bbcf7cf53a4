import type { OperationDocument } from '../http/route.ts';
import { json } from './contents.ts';

function file(type: string, description: string): object {
  return { description, content: { [type]: { schema: { type: 'string' } } } };
}

/** What the routes of the status page and of its login are, for the API document. */
export const operations = {
  page: {
    operationId: 'getPage',
    summary: 'The status page',
    description:
      'It holds nothing of the cluster: what it shows it reads from this API. Where a reader has to show who it is, a browser gets the page with the status 401 or 403, to log in with.',
    responses: { 200: file('text/html', 'The page.'), 304: { description: 'It is as it was.' } },
  },
  script: {
    operationId: 'getPageScript',
    summary: 'The script of the status page',
    responses: { 200: file('text/javascript', 'The script.'), 304: { description: 'It is as it was.' } },
  },
  style: {
    operationId: 'getPageStyle',
    summary: 'The style of the status page',
    responses: { 200: file('text/css', 'The style.'), 304: { description: 'It is as it was.' } },
  },
  session: {
    operationId: 'getSession',
    summary: 'What the caller may do',
    description: 'There is no session on the side of the agent: a token is sent with each request.',
    responses: { 200: json('Whether it may read and change, and what would let it do more.', 'Session') },
  },
} as const satisfies Readonly<Record<string, OperationDocument>>;
