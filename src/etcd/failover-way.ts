import { type LinkedAbort, linkedAbort } from '../abort/linked-abort.ts';
import type { Fault } from '../cluster/observation.ts';
import type { Use, Way } from './connection.ts';
import { EtcdError, type EtcdErrorCode } from './errors.ts';
import type { ResolvedOptions } from './resolved-options.ts';
import type { Session } from './session.ts';

/** What says that a member does not serve, while another one may: it is down, cut off, without a leader, or a learner. */
const DOES_NOT_SERVE: ReadonlySet<EtcdErrorCode> = new Set<EtcdErrorCode>([
  'ETCD_UNREACHABLE',
  'ETCD_DEADLINE',
  'ETCD_TIMED_OUT',
  'ETCD_NO_LEADER',
  'ETCD_LEARNER',
  'ETCD_CLOSED',
  'ETCD_WATCH_ENDED',
]);
/** So long another member that has failed is not asked again, where there is one that has not. */
const REST_MS = 5000;

/**
 * The way through the own member as long as that one serves, else through another one. It repeats nothing: whoever made the
 * call decides, and the next call goes another way.
 */
export class FailoverWay implements Way {
  readonly #own: Way;
  readonly #others: () => readonly Way[];
  readonly #ownServes: (sinceMs: number) => boolean;
  readonly #closing = new AbortController();
  readonly #failedAtMs = new WeakMap<Way, number>();
  readonly #waysOfSessions = new WeakMap<Session, Way>();

  constructor(own: Way, others: () => readonly Way[], ownServes: (sinceMs: number) => boolean) {
    this.#own = own;
    this.#others = others;
    this.#ownServes = ownServes;
  }

  get options(): ResolvedOptions {
    return this.#own.options;
  }

  get credentialFault(): Fault | undefined {
    return this.#own.credentialFault;
  }

  async run<T>(call: string, signal: AbortSignal | undefined, use: (use: Use) => Promise<T>): Promise<T> {
    const way = this.#choose();
    return await this.#noting(way, signal, () => way.run(call, signal, use));
  }

  async open(call: string, signal: AbortSignal | undefined): Promise<Session> {
    const way = this.#choose();
    const session = await this.#noting(way, signal, () => way.open(call, signal));
    this.#waysOfSessions.set(session, way);
    return session;
  }

  async explain(error: unknown, call: string, signal: AbortSignal | undefined, session: Session): Promise<EtcdError> {
    const way = this.#waysOfSessions.get(session) ?? this.#own;
    const explained = await way.explain(error, call, signal, session);
    this.#note(way, explained, signal);
    return explained;
  }

  linked(signal: AbortSignal | undefined): LinkedAbort {
    return linkedAbort([signal, this.#closing.signal]);
  }

  close(): void {
    this.#closing.abort(new EtcdError('ETCD_CLOSED', 'the client was closed', { member: this.options.member }));
  }

  #choose(): Way {
    const failedAtMs = this.#failedAtMs.get(this.#own);
    if (failedAtMs === undefined) return this.#own;
    if (this.#ownServes(failedAtMs)) {
      this.#failedAtMs.delete(this.#own);
      return this.#own;
    }
    const nowMs = performance.now();
    const rested = this.#others().find((other) => nowMs - (this.#failedAtMs.get(other) ?? -REST_MS) >= REST_MS);
    return rested ?? this.#own;
  }

  async #noting<T>(way: Way, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#note(way, error, signal);
      throw error;
    }
  }

  /** A caller that gave up says nothing about the member; one that was too late does. */
  #note(way: Way, error: unknown, signal: AbortSignal | undefined): void {
    if (!(error instanceof EtcdError) || this.#closing.signal.aborted) return;
    if (DOES_NOT_SERVE.has(error.code) && !(signal?.aborted === true && error.code !== 'ETCD_DEADLINE')) {
      this.#failedAtMs.set(way, performance.now());
    }
  }
}
