import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from './access.ts';
import { hasBody, readJsonBody } from './json-body.ts';
import { preferredType } from './negotiate.ts';
import { openStream, type StreamBounds } from './open-stream.ts';
import { refuseForeignOrigin } from './origin.ts';
import { type Problem, ProblemError, problemBody, problemType } from './problem.ts';
import type { Route, StreamReply, Who, WholeReply } from './route.ts';

export interface HandlerOptions {
  /** What ends and keeps alive a reply that is a stream. */
  readonly streams: Pick<StreamBounds, 'closing' | 'heartbeatMs'>;
  readonly routes: readonly Route[];
  /** Undefined: the request may. */
  readonly authorize: (request: IncomingMessage, access: Access) => Promise<Problem | undefined>;
  /** What the caller may do. */
  readonly whoIs: (request: IncomingMessage) => Promise<Who>;
  /** By what the caller has shown who it is: see `RouteRequest.caller`. */
  readonly callerOf: (request: IncomingMessage) => string;
  /** A route failed in a way that it did not mean to; the caller only got the id. */
  readonly onFailure: (failure: { id: string; method: string; path: string; error: unknown }) => void;
}

/** What a request is answered with. */
type Answer = WholeReply | (StreamReply & Pick<StreamBounds, 'mayGoOn'>);

/** Headers of every reply: nothing of it is stored, framed or run. */
const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/**
 * Answers requests from a table of routes. HEAD is GET without a body. It never rejects: whatever a route throws is
 * answered as a problem.
 */
export function createHandler(options: HandlerOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const byPath = Map.groupBy(options.routes, ({ path }) => path);
  return (request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    void answer(options, byPath, request, gone.signal).then((reply) => send(options, request, response, reply));
  };
}

async function answer(
  options: HandlerOptions,
  byPath: ReadonlyMap<string, readonly Route[]>,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Answer> {
  const path = pathOf(request.url ?? '');
  try {
    return await dispatch(options, byPath, request, { path, signal });
  } catch (error) {
    if (error instanceof ProblemError) {
      return problemReply(error.problem);
    }
    const id = tellFailure(options, request, error);
    return problemReply({
      status: 500,
      code: 'INTERNAL',
      detail: `The agent failed to answer. Its log has the reason under the id ${id}.`,
    });
  }
}

/** Gives the id under which the log has it. */
function tellFailure(
  { onFailure }: HandlerOptions,
  { method = '', url = '' }: IncomingMessage,
  error: unknown,
): string {
  const id = randomUUID();
  onFailure({ id, method, path: pathOf(url), error });
  return id;
}

async function dispatch(
  { authorize, callerOf, whoIs }: HandlerOptions,
  byPath: ReadonlyMap<string, readonly Route[]>,
  request: IncomingMessage,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<Answer> {
  const routes = byPath.get(path);
  if (routes === undefined) {
    throw new ProblemError({
      status: 404,
      code: 'NO_SUCH_PATH',
      detail: 'There is nothing at this path. /api/v1/openapi.json lists what there is.',
    });
  }
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const route = routes.find((candidate) => candidate.method === method);
  if (route === undefined) {
    const allowed = routes.flatMap((candidate) => (candidate.method === 'GET' ? ['GET', 'HEAD'] : [candidate.method]));
    throw new ProblemError({
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
      detail: `This path takes ${allowed.join(' and ')}.`,
      headers: { allow: allowed.join(', ') },
    });
  }
  const refused = await authorize(request, route.access);
  if (refused !== undefined) {
    const instead = await route.refused?.(refused, { headers: request.headers });
    if (instead !== undefined) return instead;
    throw new ProblemError(refused);
  }
  if (route.method !== 'GET') {
    refuseForeignOrigin(request);
  }
  if (route.takes === undefined && hasBody(request)) {
    throw new ProblemError({ status: 413, code: 'BODY_NOT_TAKEN', detail: 'This path takes no body.' });
  }
  if (route.types.length > 0 && preferredType(request.headers.accept, route.types) === undefined) {
    const detail = `This path answers with ${route.types.join(' or ')}.`;
    throw new ProblemError({ status: 406, code: 'NOT_ACCEPTABLE', detail });
  }
  const mayRead = route.access !== 'open' || (await authorize(request, 'read')) === undefined;
  const body = route.takes === undefined ? undefined : await readJsonBody(request, route.takes);
  const who = (): Promise<Who> => whoIs(request);
  const reply = await route.handle({ headers: request.headers, mayRead, caller: callerOf(request), who, body, signal });
  const mayGoOn = async (): Promise<boolean> => (await authorize(request, route.access)) === undefined;
  return 'stream' in reply ? { ...reply, mayGoOn } : reply;
}

/** The path without its query; `*` and other targets that are no path match no route. */
function pathOf(target: string): string {
  const end = target.indexOf('?');
  return end === -1 ? target : target.slice(0, end);
}

function problemReply(problem: Problem): WholeReply {
  return {
    status: problem.status,
    contentType: problemType,
    body: problemBody(problem),
    ...(problem.headers === undefined ? {} : { headers: problem.headers }),
  };
}

function send(options: HandlerOptions, request: IncomingMessage, response: ServerResponse, reply: Answer): void {
  const headers = { ...securityHeaders, 'content-type': reply.contentType, ...reply.headers };
  if ('stream' in reply) {
    const onFailure = (error: unknown): void => void tellFailure(options, request, error);
    openStream(request, response, reply, headers, { ...options.streams, mayGoOn: reply.mayGoOn, onFailure });
    return;
  }
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  response.writeHead(reply.status ?? 200, {
    // RFC 9110, section 8.6: of what is as it was no length is told.
    ...(reply.status === 304 ? {} : { 'content-length': body.length }),
    ...headers,
    // What nobody reads must not stand in the way of the connection's next request.
    ...(hasBody(request) && !request.complete ? { connection: 'close' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
