import { acceptsGzip } from '../http/negotiate.ts';
import type { Route, RouteRequest, WholeReply } from '../http/route.ts';
import { operations } from '../openapi/page-operations.ts';
import type { PageFileName, PageFiles } from './files.ts';

const html = 'text/html; charset=utf-8';

/**
 * Only what this server itself gives is run, shown and asked. No style or script stands in the page itself, and no text is made into a
 * script (Trusted Types): names of members and keys come from elsewhere.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Headers of the page besides those of every reply. */
const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/**
 * The status page. None of its files holds anything of the cluster: what it shows it asks of the API, which asks for credentials where they
 * are needed. So script and style are open to everyone; of the page itself the status says whether reads are open, and whoever must
 * log in first gets the page to do that with.
 */
export function pageRoutes(files: PageFiles): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/',
      access: 'read',
      types: [html],
      operation: operations.page,
      handle: (request) => fileReply(files, 'index.html', html, request),
      refused: async ({ status, headers = {} }, request) =>
        // A program gets the problem as everywhere.
        request.headers.accept?.includes('text/html') === true
          ? withStatus(await fileReply(files, 'index.html', html, request), status, headers)
          : undefined,
    },
    part('page.js', 'text/javascript; charset=utf-8', operations.script, files),
    part('page.css', 'text/css; charset=utf-8', operations.style, files),
  ];
}

function part(name: PageFileName, type: string, operation: Route['operation'], files: PageFiles): Route {
  return {
    method: 'GET',
    path: `/${name}`,
    access: 'open',
    types: [],
    operation,
    handle: (request) => fileReply(files, name, type, request),
  };
}

async function fileReply(
  files: PageFiles,
  name: PageFileName,
  contentType: string,
  { headers }: Pick<RouteRequest, 'headers'>,
): Promise<WholeReply> {
  const { text, gzipped, etag } = await files.read(name);
  const gzip = acceptsGzip(headers['accept-encoding']);
  const shared = { ...pageHeaders, etag, vary: 'accept-encoding', 'cache-control': 'no-cache' };
  if (headers['if-none-match'] === etag) return { status: 304, contentType, headers: shared, body: '' };
  return {
    contentType,
    headers: { ...shared, ...(gzip ? { 'content-encoding': 'gzip' } : {}) },
    body: gzip ? gzipped : text,
  };
}

/** Nobody may keep what was refused. */
function withStatus(reply: WholeReply, status: number, headers: Readonly<Record<string, string>>): WholeReply {
  const { etag: _, ...rest } = reply.headers ?? {};
  return { ...reply, status, headers: { ...rest, ...headers, 'cache-control': 'no-store' } };
}
