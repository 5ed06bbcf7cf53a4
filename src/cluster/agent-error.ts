import type { Fault } from './observation.ts';

/** What every error of the agent carries besides its message. */
export interface ErrorDetails {
  readonly member?: string;
  readonly remedy?: string;
  readonly cause?: unknown;
}

/**
 * The base of every error that the agent raises on purpose: a stable code, a sentence that says what was tried and what
 * came back, the member it was tried on, and what to do. Messages never hold secrets.
 */
export class AgentError extends Error {
  readonly code: string;
  readonly member: string | undefined;
  readonly remedy: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.member = details.member;
    this.remedy = details.remedy;
  }
}

/** Any thrown thing as a fault: codes of agent errors and of system errors (`ENOENT`) are kept, the rest is `INTERNAL`. */
export function faultOf(error: unknown): Fault {
  if (error instanceof AgentError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.member === undefined ? {} : { member: error.member }),
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    };
  }
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'INTERNAL';
    return { code, message: error.message };
  }
  return { code: 'INTERNAL', message: String(error) };
}
