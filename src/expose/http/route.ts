import type { IncomingHttpHeaders } from 'node:http';
import type { Access } from './access.ts';

/** A request, as far as a route needs it. */
export interface RouteRequest {
  readonly headers: IncomingHttpHeaders;
  /** The caller may read: what only readers may know can be said. */
  readonly mayRead: boolean;
  /** By what it has shown who it is: the name of its certificate, or `token`; for the audit. */
  readonly caller: string;
  /** The parsed JSON of the body; undefined where there is none, or the route takes none. */
  readonly body: unknown;
  /** Ends when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** What a route answers. */
export interface Reply {
  /** Default 200. */
  readonly status?: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** The OpenAPI operation object of a route, without what all routes share. */
export interface OperationDocument {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, unknown>>;
}

/** One method on one path. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly access: Access;
  /** Whether it takes a body of JSON; default: none. */
  readonly takes?: 'json' | 'optional json';
  /** Media types that it can answer with, the preferred one first; a request that takes none of them gets 406. */
  readonly types: readonly string[];
  readonly operation: OperationDocument;
  readonly handle: (request: RouteRequest) => Reply | Promise<Reply>;
}
