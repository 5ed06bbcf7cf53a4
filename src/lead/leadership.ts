import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../abort/linked-abort.ts';
import { faultOf } from '../cluster/agent-error.ts';
import type { Fault } from '../cluster/observation.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { certainTxn } from '../journal/certain-txn.ts';
import type { JournalKeys } from '../journal/keys.ts';
import type { JournalMirror } from '../journal/mirror.ts';
import type { JournalSnapshot } from '../journal/snapshot.ts';
import type { Term } from '../journal/term.ts';
import { campaign } from './campaign.ts';
import { LeaseTerm } from './lease-term.ts';
import type { Registered, Registration } from './registration.ts';

/** After a failed campaign, and after leadership was given up: others go first. */
const STAND_BACK_MS = 2000;
const CLEAR_TIMEOUT_MS = 2000;

export interface LeadershipOptions {
  readonly client: MemberClient;
  readonly keys: JournalKeys;
  readonly mirror: JournalMirror;
  readonly registration: Registration;
  /** Whether this agent may become the leader now; asked before each campaign. */
  readonly eligible?: () => boolean;
  readonly onTerm?: (term: Term) => void;
  /** Called once for each term, when it has ended for whatever reason. */
  readonly onLost?: (term: Term) => void;
}

/**
 * Becomes the leader whenever there is none, under the agent's one lease. It learns from the mirror when the leader's key is
 * gone, so waiting costs nothing; a term that has ended never comes back.
 */
export class Leadership implements AsyncDisposable {
  readonly #options: LeadershipOptions;
  readonly #closing = new AbortController();
  readonly #stops: (() => void)[] = [];
  #term: LeaseTerm | undefined;
  #fault: Fault | undefined;
  #working: Promise<void> | undefined;
  #standBackUntilMs = 0;
  /** Of the snapshot with which a campaign was lost: it was out of date. */
  #outdated = -1n;
  #cleared = 0n;
  #clearAfterMs = 0;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** The own term, while it is held. */
  get term(): Term | undefined {
    return this.#term?.held === true ? this.#term : undefined;
  }

  /** Why the last campaign came to nothing, where it was not that another agent was faster. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Begins to look out for leadership; never rejects. */
  start(): void {
    const { mirror, registration } = this.#options;
    this.#stops.push(
      mirror.onChange(() => this.reconsider()),
      registration.onChange(() => this.reconsider()),
    );
    this.reconsider();
  }

  /** Looks whether there is something to do: to be called when what `eligible` depends on has changed. */
  reconsider(): void {
    if (this.#closing.signal.aborted) return;
    const { snapshot } = this.#options.mirror;
    this.#follow(snapshot);
    if (this.#working !== undefined) return;
    const work = this.#workFor(snapshot);
    this.#working = work?.finally(() => {
      this.#working = undefined;
      // What has changed meanwhile was not looked at.
      this.reconsider();
    });
  }

  /** Gives leadership up at once: another agent that is eligible becomes the leader; this one only if none does. */
  async resign(): Promise<void> {
    this.#standBackUntilMs = performance.now() + STAND_BACK_MS;
    const term = this.#term;
    if (term === undefined) return;
    term.end('it was given up');
    await this.#clear(term.createRevision);
    this.#later();
  }

  /** Resigns, and becomes the leader no more. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const stop of this.#stops.splice(0)) stop();
    await this.#working;
    await this.resign();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Notices when the own term is over, or no longer the newest epoch. */
  #follow({ connected, revision, leaderRevision, epoch }: JournalSnapshot): void {
    const term = this.#term;
    if (term === undefined) return;
    if (this.#options.registration.current?.lease !== term.lease) term.end('its lease or its registration is gone');
    else if (!connected || revision < term.createRevision) return;
    else if (leaderRevision !== term.createRevision) term.end('its record is gone');
    // A spare epoch was used: the next one has to be larger, so it takes a new term.
    else if (epoch !== undefined && epoch > term.epoch) void this.resign();
  }

  #workFor(snapshot: JournalSnapshot): Promise<void> | undefined {
    const { connected, revision, leader, leaderRevision, epoch } = snapshot;
    const { registration, eligible } = this.#options;
    if (this.#term !== undefined || !connected) return undefined;
    if (leaderRevision > 0n) {
      // Left by a campaign of this very agent of which it never learned that it was won, or by a term that is over.
      const leftover = leader?.instance === registration.record.instance && leaderRevision !== this.#cleared;
      return leftover && performance.now() >= this.#clearAfterMs ? this.#clear(leaderRevision) : undefined;
    }
    const wants = epoch !== undefined && revision !== this.#outdated && performance.now() >= this.#standBackUntilMs;
    const { current } = registration;
    return wants && current !== undefined && eligible?.() !== false ? this.#campaign(snapshot, current) : undefined;
  }

  /**
   * Takes the own record away, later again where etcd does not take that now: it would go with the lease only, which lives as long as this
   * agent does, and until then nobody could lead.
   */
  async #clear(createRevision: bigint): Promise<void> {
    this.#cleared = createRevision;
    const { client, keys } = this.#options;
    const txn = {
      compare: [{ key: keys.leader, createRevision }],
      changes: [{ delete: keys.leader }],
      witness: { key: keys.leader },
    };
    try {
      await within([], CLEAR_TIMEOUT_MS, (signal) => certainTxn(client, txn, signal));
    } catch {
      this.#cleared = 0n;
      this.#clearAfterMs = performance.now() + STAND_BACK_MS;
      this.#later();
    }
  }

  async #campaign(snapshot: JournalSnapshot, registered: Registered): Promise<void> {
    const { keys, registration } = this.#options;
    try {
      const won = await campaign({ ...this.#options, snapshot, registered }, this.#closing.signal);
      this.#fault = undefined;
      this.#outdated = snapshot.revision;
      if (won !== undefined) this.#begin(new LeaseTerm(keys, registration.record.memberId, registered.lease, won));
    } catch (error) {
      this.#fault = faultOf(error);
      this.#standBackUntilMs = performance.now() + STAND_BACK_MS;
      this.#later();
    }
  }

  #begin(term: LeaseTerm): void {
    this.#term = term;
    const ended = (): void => {
      this.#term = undefined;
      this.#options.onLost?.(term);
    };
    this.#options.onTerm?.(term);
    if (term.lost.aborted) ended();
    else term.lost.addEventListener('abort', ended, { once: true });
  }

  #later(): void {
    const { signal } = this.#closing;
    // A timer may fire a moment before its time.
    sleep(STAND_BACK_MS + 10, undefined, { signal }).then(
      () => this.reconsider(),
      () => undefined,
    );
  }
}
