import type { AsJson } from '../../expose/as-json.ts';
import type { SessionReply } from '../../expose/live/words.ts';
import { Api, ApiProblem } from '../api/call.ts';
import { authorization, keepToken, mayBeToken, storedToken } from '../api/token.ts';
import type { ServerEvent } from './event-parser.ts';
import { type LiveParts, noParts, withEvent } from './parts.ts';
import { type Connection, readStream } from './stream.ts';

/** Everything that the page shows. Immutable. */
export interface PageState {
  readonly parts: LiveParts;
  readonly connection: Connection;
  /** Who the caller is; absent until the agent has said so. */
  readonly session?: AsJson<SessionReply>;
  readonly api: Api;
  /** There is a token in this tab. */
  readonly hasToken: boolean;
  /** By how much the agent's clock is ahead of this one, ms. */
  readonly clockOffsetMs: number;
}

/** A tab that is not seen for so long reads no stream until it is seen again. */
const HIDDEN_MS = 15_000;

/** Owns the stream and the session of the page, and tells who listens of each new state. */
export class PageStore {
  state: PageState;
  readonly #listeners = new Set<(state: PageState) => void>();
  #stream: AbortController | undefined;
  #hiding = 0;

  constructor() {
    const token = storedToken();
    this.state = {
      parts: noParts,
      connection: { state: 'connecting' },
      api: new Api(token),
      hasToken: token !== undefined,
      clockOffsetMs: 0,
    };
  }

  /** Opens the stream, and asks who is there; from then on follows whether the page is seen. */
  start(): void {
    this.#open();
    void this.#askSession();
    document.addEventListener('visibilitychange', () => this.#seen(document.visibilityState === 'visible'));
  }

  /** Calls for each new state; the function that it gives ends that. */
  subscribe(listener: (state: PageState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps the token if the agent takes it. Throws `ApiProblem`, which says why not. */
  async logIn(token: string): Promise<void> {
    if (!mayBeToken(token)) {
      throw new ApiProblem(
        401,
        'TOKEN_WRONG',
        'This is no token: it has a space or a character that none has. Copy it from its file.',
      );
    }
    const api = new Api(token);
    const session = await api.session();
    if (session.token !== 'right' && session.token !== 'reads') {
      throw new ApiProblem(
        401,
        'TOKEN_WRONG',
        'The agent does not know this token. It is in the file that its configuration names in expose.auth.',
      );
    }
    keepToken(token);
    this.#set({ api, session, hasToken: true });
    this.#open();
  }

  /** Forgets the token. */
  logOut(): void {
    keepToken(undefined);
    const { session: _, ...rest } = this.state;
    this.state = rest;
    this.#set({ api: new Api(undefined), hasToken: false, parts: noParts, connection: { state: 'connecting' } });
    this.#open();
    void this.#askSession();
  }

  async #askSession(): Promise<void> {
    const { api } = this.state;
    try {
      const session = await api.session();
      if (api === this.state.api) this.#set({ session });
    } catch (error) {
      // A token of before that is not taken any more is of no use.
      if (error instanceof ApiProblem && error.status === 401 && this.state.hasToken) this.logOut();
    }
  }

  #seen(isSeen: boolean): void {
    clearTimeout(this.#hiding);
    if (!isSeen) {
      this.#hiding = window.setTimeout(() => {
        this.#stream?.abort();
        this.#stream = undefined;
        this.#set({ connection: { state: 'hidden' } });
      }, HIDDEN_MS);
    } else if (this.#stream === undefined) {
      this.#set({ connection: { state: 'connecting' } });
      this.#open();
      if (this.state.session === undefined) void this.#askSession();
    }
  }

  #open(): void {
    this.#stream?.abort();
    const stream = new AbortController();
    this.#stream = stream;
    const listener = {
      events: (events: readonly ServerEvent[]) => this.#set({ parts: events.reduce(withEvent, this.state.parts) }),
      connection: (connection: Connection) => {
        if (stream.signal.aborted || (connection.state === 'live' && this.state.connection.state === 'live')) return;
        this.#set({ connection });
        // What changed while nobody answered may be who is let in.
        if (connection.state === 'live' && this.state.session === undefined) void this.#askSession();
      },
      clockOffset: (clockOffsetMs: number) => this.#set({ clockOffsetMs }),
    };
    void readStream(authorization(storedToken()), listener, stream.signal);
  }

  #set(change: Partial<PageState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener(this.state);
  }
}
