import type { IncomingHttpHeaders } from 'node:http';
import type { Access, Caller } from './access.ts';
import type { Problem } from './problem.ts';

/** What a caller may do, by what it has shown. */
export interface Who {
  readonly token: Caller['token'];
  readonly mayRead: boolean;
  readonly mayChange: boolean;
  /** By what, where it may: the name of its certificate, or `token`. */
  readonly caller?: string;
  /** What the server could check. */
  readonly takes: { readonly token: boolean; readonly certificate: boolean };
}

/** A request, as far as a route needs it. */
export interface RouteRequest {
  readonly headers: IncomingHttpHeaders;
  /** The caller may read: what only readers may know can be said. */
  readonly mayRead: boolean;
  /** By what it has shown who it is: the name of its certificate, or `token`; for the audit. */
  readonly caller: string;
  readonly who: () => Promise<Who>;
  /** The parsed JSON of the body; undefined where there is none, or the route takes none. */
  readonly body: unknown;
  /** Ends when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

interface ReplyHead {
  /** Default 200. */
  readonly status?: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer with all of its body. */
export interface WholeReply extends ReplyHead {
  readonly body: string | Buffer;
}

/** A body that goes on until one of the two sides ends it. */
export interface OpenStream {
  /** Sends at once. A client that leaves more than 1 MiB unread is cut off. */
  send(text: string): void;
  /** What is to be sent cannot be made, and nobody meant that: it is told, and the stream ends. */
  fail(error: unknown): void;
  /** Aborted when it has ended, for whatever reason. */
  readonly ended: AbortSignal;
}

/** An answer that goes on. */
export interface StreamReply extends ReplyHead {
  /** Sent from time to time, where nothing else may be. */
  readonly heartbeat: string;
  /** Called once the head has been sent; not for HEAD. */
  readonly stream: (to: OpenStream) => void;
}

/** What a route answers. */
export type Reply = WholeReply | StreamReply;

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
  /** What is answered in place of a problem to whom it is refused; undefined: the problem. */
  readonly refused?: (problem: Problem, request: Pick<RouteRequest, 'headers'>) => Promise<WholeReply | undefined>;
  readonly handle: (request: RouteRequest) => Reply | Promise<Reply>;
}
