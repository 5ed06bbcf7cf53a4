import { within } from '../abort/linked-abort.ts';
import { faultOf } from '../cluster/agent-error.ts';
import type { AgentRecord } from '../cluster/caretaking.ts';
import type { Fault } from '../cluster/observation.ts';
import { KeptLease } from '../etcd/kept-lease.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { TxnCompare } from '../etcd/txn.ts';
import type { JournalKeys } from '../journal/keys.ts';
import type { JournalMirror } from '../journal/mirror.ts';
import { Backoff } from './backoff.ts';
import { writeOwnRecord } from './own-record.ts';

export interface RegistrationOptions {
  readonly client: MemberClient;
  readonly keys: JournalKeys;
  readonly mirror: JournalMirror;
  readonly record: AgentRecord;
  /** `lead.ttl`, in whole seconds; etcd raises it to its own minimum. */
  readonly ttlSeconds: number;
}

/** A registration that stands: the record is there, under this lease. */
export interface Registered {
  readonly lease: KeptLease;
  /** When the record was created: another registration has another one. */
  readonly createRevision: bigint;
}

/**
 * Keeps the own record in etcd under the one lease that this agent has. When the lease or the record is lost it takes a new
 * one, again and again; `fault` says why it has none.
 */
export class Registration implements AsyncDisposable {
  readonly record: AgentRecord;
  readonly #options: RegistrationOptions;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  readonly #leaving = new Set<Promise<void>>();
  #running: Promise<void> | undefined;
  #current: Registered | undefined;
  #fault: Fault | undefined;

  constructor(options: RegistrationOptions) {
    this.record = options.record;
    this.#options = options;
  }

  /** The registration, while its lease is held. */
  get current(): Registered | undefined {
    return this.#current?.lease.held === true ? this.#current : undefined;
  }

  /** Why it is not registered; `AGENT_DUPLICATE` where another agent is beside the same member. */
  get fault(): Fault | undefined {
    return this.current === undefined ? this.#fault : undefined;
  }

  /** True only for the agent that is registered for its member; or, where it is not, while nobody is. */
  get guard(): readonly TxnCompare[] {
    const createRevision = this.current?.createRevision ?? 0n;
    return [{ key: this.#options.keys.agent(this.record.memberId), createRevision }];
  }

  /** Begins to register; never rejects. */
  start(): void {
    this.#running ??= this.#run(this.#closing.signal);
  }

  /** Calls back when it has registered and when it no longer is, until the function that it gives is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Gives the lease back at once, and with it the record and whatever else stands under it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await Promise.all(this.#leaving);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff();
    while (!signal.aborted) {
      try {
        await this.#hold(signal, backoff);
      } catch (error) {
        if (!signal.aborted) this.#fault = faultOf(error);
      }
      if (!signal.aborted) await backoff.wait(signal);
    }
  }

  /** One lease, from its grant to its end. */
  async #hold(signal: AbortSignal, backoff: Backoff): Promise<void> {
    const { client, ttlSeconds } = this.#options;
    const lease = await KeptLease.grant(client, { ttlSeconds }, signal);
    try {
      await within([signal, lease.lost], undefined, async (until) => {
        while (!until.aborted) {
          await this.#register(lease, until);
          backoff.reset();
          await this.#whileRegistered(until);
        }
      });
      if (lease.lost.aborted) throw lease.lost.reason;
    } finally {
      this.#set(undefined);
      this.#leave(lease);
    }
  }

  async #register(lease: KeptLease, until: AbortSignal): Promise<void> {
    const { client, keys } = this.#options;
    const createRevision = await writeOwnRecord(client, keys, this.record, lease.id, until);
    this.#set({ lease, createRevision });
  }

  /** Until the lease is lost, or somebody has taken the record away. */
  async #whileRegistered(until: AbortSignal): Promise<void> {
    const { mirror, keys } = this.#options;
    const createRevision = this.#current?.createRevision ?? 0n;
    const { memberId, instance } = this.record;
    const gone = mirror.waitFor(
      ({ connected, revision, agents }) =>
        connected &&
        revision >= createRevision &&
        agents.find((agent) => agent.memberId === memberId)?.instance !== instance,
      until,
    );
    await gone.then(
      () => {
        const message = `The record ${keys.agent(memberId)} of this agent was taken away.`;
        this.#fault = { code: 'AGENT_RECORD_GONE', message, remedy: 'Nothing: it is written again.' };
        this.#set(undefined);
      },
      () => undefined,
    );
  }

  #set(registered: Registered | undefined): void {
    if (this.#current === registered) return;
    this.#current = registered;
    for (const listener of [...this.#listeners]) listener();
  }

  /** What cannot be given back because etcd does not answer must not keep the next lease from being taken. */
  #leave(lease: KeptLease): void {
    const leaving = lease.close().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}
