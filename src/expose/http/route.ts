import type { IncomingHttpHeaders } from 'node:http';
import type { Access } from './access.ts';

/** A request, as far as a route needs it. */
interface RouteRequest {
  readonly headers: IncomingHttpHeaders;
  /** The caller may read: what only readers may know can be said. */
  readonly mayRead: boolean;
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
  readonly responses: Readonly<Record<string, unknown>>;
}

/** One method on one path. */
export interface Route {
  readonly method: 'GET';
  readonly path: string;
  readonly access: Access;
  /** Media types that it can answer with, the preferred one first; a request that takes none of them gets 406. */
  readonly types: readonly string[];
  readonly operation: OperationDocument;
  readonly handle: (request: RouteRequest) => Reply | Promise<Reply>;
}
