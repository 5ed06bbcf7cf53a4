import type { Decision } from '../../cluster/caretaking.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { BackupPointsReply, SessionReply } from '../../expose/live/words.ts';
import { authorization } from './token.ts';

/** What an agent refuses, or that it does not answer (then `status` is 0). The message is a sentence for people. */
export class ApiProblem extends Error {
  readonly status: number;
  /** Stable; see docs. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
  }
}

/** What a person asks for in the page. */
export interface Wish {
  readonly operation: string;
  readonly member?: string;
  readonly to?: string;
  readonly rehearse?: true;
  readonly by: string;
}

const TIMEOUT_MS = 30_000;

/** The calls of the API that the page makes. Each throws `ApiProblem`. */
export class Api {
  readonly #token: string | undefined;

  constructor(token: string | undefined) {
    this.#token = token;
  }

  session(signal?: AbortSignal): Promise<AsJson<SessionReply>> {
    return this.#call('GET', '/api/v1/session', undefined, signal);
  }

  backupPoints(signal?: AbortSignal): Promise<AsJson<BackupPointsReply>> {
    return this.#call('GET', '/api/v1/backups/points', undefined, signal);
  }

  pause(wish: { readonly reason: string; readonly for: string; readonly by: string }): Promise<unknown> {
    return this.#call('POST', '/api/v1/pause', wish);
  }

  resume(by: string): Promise<unknown> {
    return this.#call('DELETE', '/api/v1/pause', { by });
  }

  dryRun(wish: Wish, signal?: AbortSignal): Promise<AsJson<Decision>> {
    return this.#call('POST', '/api/v1/operations', { ...wish, dryRun: true }, signal);
  }

  request(wish: Wish): Promise<{ readonly id: string }> {
    return this.#call('POST', '/api/v1/operations', wish);
  }

  async #call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await fetch(path, {
        method,
        headers: {
          ...authorization(this.#token),
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        cache: 'no-store',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (response.ok) return (await response.json()) as T;
      throw await problemOf(response);
    } catch (error) {
      if (error instanceof ApiProblem || signal?.aborted === true) throw error;
      const silence = timeout.aborted ? 'The agent did not answer in time.' : 'The agent does not answer.';
      // What was sent may have arrived, though nothing came back.
      const unsure =
        ' It may have done what was asked all the same: look at what is under way, and at the history, before you ask again.';
      const changes = method !== 'GET' && !Object(body).dryRun;
      throw new ApiProblem(0, 'NO_ANSWER', changes ? `${silence}${unsure}` : silence);
    }
  }
}

/** What an answer that refuses says. Never throws. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => undefined);
  const { code, detail } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  return new ApiProblem(
    response.status,
    typeof code === 'string' ? code : 'HTTP',
    typeof detail === 'string' ? detail : `The agent answers ${response.status}.`,
  );
}
