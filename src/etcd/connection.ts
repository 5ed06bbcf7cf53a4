import type { Metadata } from '@grpc/grpc-js';
import { type LinkedAbort, linkedAbort } from '../abort/linked-abort.ts';
import type { Fault } from '../cluster/observation.ts';
import { CredentialFiles } from './credentials.ts';
import { diagnose } from './diagnose.ts';
import { EtcdError } from './errors.ts';
import { type CallContext, fromGrpc, isGrpcError, wantsNewToken, where } from './grpc-errors.ts';
import { type ResolvedOptions, resolveOptions } from './resolved-options.ts';
import { NotConnected, Session } from './session.ts';
import type { MemberClientOptions } from './types.ts';

/** How long a failed connection is looked into. */
const DIAGNOSIS_TIMEOUT_MS = 1000;

/** What a call gets to work with. */
export interface Use {
  readonly session: Session;
  readonly metadata: Metadata;
}

/** What calls go through: the way to one member, or to whichever serves. */
export interface Way {
  readonly options: ResolvedOptions;
  /** Why changed certificate or password files are not in use, if so. */
  readonly credentialFault: Fault | undefined;
  /** Runs a call on a session. Throws `EtcdError` only. */
  run<T>(call: string, signal: AbortSignal | undefined, use: (use: Use) => Promise<T>): Promise<T>;
  /** A session that is connected; the caller releases it. Throws `EtcdError` only. */
  open(call: string, signal: AbortSignal | undefined): Promise<Session>;
  /** Whatever went wrong on a session of this way, as an `EtcdError` that says why. */
  explain(error: unknown, call: string, signal: AbortSignal | undefined, session: Session): Promise<EtcdError>;
  /** Ends with the caller's signal and with this way; whoever asks for it releases it when the call has ended. */
  linked(signal: AbortSignal | undefined): LinkedAbort;
  /** Calls under way fail with `ETCD_CLOSED`. */
  close(): void;
}

/**
 * The way to one member: at most one session in use, made again when credentials change or the connection has failed, and
 * every error explained. Nothing here repeats a call, but for one case: a refused token was refused before anything was
 * done, so the call is made once more with a new one.
 */
export class Connection implements Way {
  readonly options: ResolvedOptions;
  readonly #files: CredentialFiles;
  readonly #sessions = new Set<Session>();
  readonly #closing = new AbortController();
  #session: Session | undefined;

  constructor(options: MemberClientOptions) {
    this.options = resolveOptions(options);
    this.#files = new CredentialFiles({
      member: options.member,
      secure: this.options.endpoint.secure,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.auth === undefined ? {} : { auth: options.auth }),
    });
  }

  get credentialFault(): Fault | undefined {
    return this.#files.fault;
  }

  async run<T>(call: string, signal: AbortSignal | undefined, use: (use: Use) => Promise<T>): Promise<T> {
    const session = await this.open(call, signal);
    try {
      return await use({ session, metadata: await session.metadata(signal) }).catch(async (error: unknown) => {
        if (!wantsNewToken(error) || !session.forgetToken()) throw error;
        return use({ session, metadata: await session.metadata(signal) });
      });
    } catch (error) {
      throw await this.explain(error, call, signal, session);
    } finally {
      session.release();
    }
  }

  async open(call: string, signal: AbortSignal | undefined): Promise<Session> {
    const session = await this.#current(call);
    session.acquire();
    try {
      await session.ready(signal);
      return session;
    } catch (error) {
      const explained = await this.explain(error, call, signal, session);
      session.release();
      throw explained;
    }
  }

  async explain(error: unknown, call: string, signal: AbortSignal | undefined, session: Session): Promise<EtcdError> {
    if (error instanceof EtcdError) return error;
    const context = this.#context(call);
    const { member } = context;
    const givenUp = this.#givenUp(signal, context);
    if (givenUp !== undefined) return givenUp;
    const mapped = isGrpcError(error) ? fromGrpc(error, context) : undefined;
    if (mapped !== undefined && mapped.code !== 'ETCD_UNREACHABLE' && mapped.code !== 'ETCD_GARBLED_REPLY')
      return mapped;
    const gaveUp = mapped === undefined ? this.#ended(error, context) : undefined;
    if (gaveUp !== undefined) return gaveUp;
    if (mapped === undefined && !(error instanceof NotConnected)) {
      return new EtcdError('ETCD_REFUSED', `${where(context)}: ${String(error)}`, { member, cause: error });
    }
    const fault = await diagnose(this.options.endpoint, session.credentials, DIAGNOSIS_TIMEOUT_MS, signal);
    if (fault !== undefined)
      return new EtcdError(fault.code, `${where(context)}: ${fault.reason}`, { member, cause: error });
    const givenUpMeanwhile = this.#givenUp(signal, context);
    if (givenUpMeanwhile !== undefined) return givenUpMeanwhile;
    const reason = error instanceof Error ? error.message : String(error);
    return mapped ?? new EtcdError('ETCD_UNREACHABLE', `${where(context)}: ${reason}`, { member, cause: error });
  }

  close(): void {
    this.#closing.abort();
    for (const session of this.#sessions) session.retire();
    this.#session = undefined;
  }

  linked(signal: AbortSignal | undefined): LinkedAbort {
    return linkedAbort([signal, this.#closing.signal]);
  }

  async #current(call: string): Promise<Session> {
    const credentials = await this.#files.current();
    if (this.#closing.signal.aborted) throw this.#closed(this.#context(call));
    const session = this.#session;
    if (session !== undefined && session.credentials === credentials && !session.failed) return session;
    session?.retire();
    const next = new Session(this.options, credentials, (ended) => this.#sessions.delete(ended));
    this.#sessions.add(next);
    this.#session = next;
    return next;
  }

  /** Why nobody waits for the answer any more, if so. */
  #givenUp(signal: AbortSignal | undefined, context: CallContext): EtcdError | undefined {
    if (this.#closing.signal.aborted) return this.#closed(context);
    return signal?.aborted === true ? this.#aborted(signal.reason, context) : undefined;
  }

  /** An end by a signal that is not the caller's own: whatever ended the wait, the member has refused nothing. */
  #ended(error: unknown, context: CallContext): EtcdError | undefined {
    const isEnd = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
    return isEnd ? this.#aborted(error, context) : undefined;
  }

  #closed(context: CallContext): EtcdError {
    return new EtcdError('ETCD_CLOSED', `${where(context)}: the client was closed`, { member: context.member });
  }

  #aborted(cause: unknown, context: CallContext): EtcdError {
    const late = cause instanceof Error && cause.name === 'TimeoutError';
    const [code, reason] = late
      ? (['ETCD_DEADLINE', 'no answer in time'] as const)
      : (['ETCD_ABORTED', 'the caller gave up'] as const);
    return new EtcdError(code, `${where(context)}: ${reason}`, { member: context.member, cause });
  }

  #context(call: string): CallContext {
    return { call, member: this.options.member, endpoint: this.options.endpoint.url };
  }
}
