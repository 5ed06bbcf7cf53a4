import { setTimeout as sleep } from 'node:timers/promises';
import { linkedAbort } from '../../abort/linked-abort.ts';
import { faultOf } from '../../cluster/agent-error.ts';
import type { ReportRecord } from '../../cluster/caretaking.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import type { JournalKeys } from '../../journal/keys.ts';
import type { JournalMirror } from '../../journal/mirror.ts';
import { writeReport } from '../../journal/reports.ts';
import type { JournaledSlot, JournalSnapshot } from '../../journal/snapshot.ts';
import type { Registration } from '../../lead/registration.ts';

/** A report that etcd did not take (it refuses what it has too much of) is made again so much later. */
const AGAIN_MS = 1000;

/** What came of an errand. */
export type ErrandResult = Pick<ReportRecord, 'outcome' | 'code' | 'summary' | 'figures'>;

/**
 * Does what a step of the slot asks of the agent beside its member. It may be asked for the same once more, when this agent
 * was started again: doing it twice must come to the same. The signal ends with the operation, and with the agent.
 */
export type Errand = (slot: JournaledSlot['slot'], signal: AbortSignal) => Promise<ErrandResult>;

export interface ErrandsOptions {
  readonly client: MemberClient;
  readonly keys: JournalKeys;
  readonly mirror: JournalMirror;
  readonly registration: Registration;
  /** Why this agent is paused by its own file. */
  readonly localPause: () => Promise<string | undefined>;
  /** By the name of the step. */
  readonly errands: Readonly<Record<string, Errand>>;
  readonly onFault: (what: string, error: unknown) => void;
}

interface Running {
  readonly step: string;
  readonly ending: AbortController;
  readonly done: Promise<void>;
}

/**
 * What an agent does because the newest step in the slot names its member, whoever leads; the report goes into the journal.
 * One at a time; an errand whose operation has ended, or has gone on to another step, is ended.
 */
export class Errands implements AsyncDisposable {
  readonly #options: ErrandsOptions;
  readonly #closing = new AbortController();
  readonly #stopFollowing: () => void;
  #running: Running | undefined;

  constructor(options: ErrandsOptions) {
    this.#options = options;
    this.#stopFollowing = options.mirror.onChange((snapshot) => this.#look(snapshot));
    this.#look(options.mirror.snapshot);
  }

  /** Ends what is under way, without a report. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopFollowing();
    this.#closing.abort();
    await this.#running?.done;
  }

  #look(snapshot: JournalSnapshot): void {
    if (!snapshot.connected || this.#closing.signal.aborted) return;
    const asked = this.#askedIn(snapshot);
    const step = asked === undefined ? undefined : `${asked.slot.id} ${asked.slot.steps.length}`;
    if (this.#running !== undefined && this.#running.step !== step) this.#running.ending.abort();
    if (asked === undefined || step === undefined || this.#running?.step === step) return;
    const before = this.#running?.done ?? Promise.resolve();
    const ending = new AbortController();
    const link = linkedAbort([ending.signal, this.#closing.signal]);
    const done = before.then(() => this.#do(asked, link.signal)).finally(() => link.release());
    this.#running = { step, ending, done };
  }

  /** The slot, where its newest step is for this agent and has not been reported on. */
  #askedIn({ slot, reports }: JournalSnapshot): JournaledSlot | undefined {
    const { registration, errands } = this.#options;
    const last = slot?.slot.steps.at(-1);
    if (slot === undefined || last === undefined || last.memberId !== registration.record.memberId) return undefined;
    if (!Object.hasOwn(errands, last.name) || slot.slot.phase !== last.name) return undefined;
    const { id, steps } = slot.slot;
    const isReported = reports.some(({ operationId, step }) => operationId === id && step === steps.length);
    return isReported ? undefined : slot;
  }

  async #do(journaled: JournaledSlot, signal: AbortSignal): Promise<void> {
    const { client, keys, registration, onFault } = this.#options;
    const { slot } = journaled;
    try {
      const result = await this.#result(slot, signal);
      if (signal.aborted) return;
      const { memberId } = registration.record;
      const report = { operationId: slot.id, step: slot.steps.length, memberId, ...result };
      const lease = registration.current?.lease.id ?? 0n;
      await writeReport(client, keys, { slot: journaled, report, lease }, signal);
    } catch (error) {
      // The journal says it already (its watch may be quicker than the answer), or nobody asks for it any more.
      if (signal.aborted) return;
      onFault(`reporting on ${slot.phase}`, error);
      // Nobody knows of it, and whoever waits for it changes nothing: it is done again.
      if (this.#running?.step !== `${slot.id} ${slot.steps.length}`) return;
      this.#running = undefined;
      void this.#lookAgain();
    }
  }

  async #lookAgain(): Promise<void> {
    await sleep(AGAIN_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    this.#look(this.#options.mirror.snapshot);
  }

  async #result(slot: JournaledSlot['slot'], signal: AbortSignal): Promise<ErrandResult> {
    const paused = await this.#options.localPause();
    if (paused !== undefined) {
      const summary = `It stopped because this agent is paused by its file: ${paused}.`;
      return { outcome: 'stopped', code: 'PAUSED', summary, figures: {} };
    }
    try {
      const errand = this.#options.errands[slot.phase];
      if (errand === undefined) throw new Error(`this agent cannot do ${slot.phase}`);
      return await errand(slot, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = faultOf(error);
      return { outcome: 'failed', code, summary: message, figures: {} };
    }
  }
}
