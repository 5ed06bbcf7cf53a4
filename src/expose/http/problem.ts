import { STATUS_CODES } from 'node:http';

/** What a request was refused for, as RFC 9457 has it. `code` is stable; sentences may change. */
export interface Problem {
  readonly status: number;
  /** Stable and machine readable, for example `TOKEN_REQUIRED`. */
  readonly code: string;
  /** One sentence: what is wrong, and what to do. */
  readonly detail: string;
  /** Further response headers, for example `allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by a route: the request is answered with the problem. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** The media type of an error. */
export const problemType = 'application/problem+json';

/** The body of an error. `title` is the status in words, so the type is `about:blank`, as section 4.2.1 says. */
export function problemBody({ status, code, detail }: Problem): string {
  return `${JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail })}\n`;
}
