import { linkedAbort } from '../../abort/linked-abort.ts';
import { BackOff } from '../../backup/delta/back-off.ts';
import { openStore } from '../../backup/store/open-store.ts';
import type { Store } from '../../backup/store/store.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';
import type { Term } from '../../journal/term.ts';
import { ownTimeline } from '../../journal/timeline.ts';
import { isClaimFault } from './fulls.ts';
import type { BackupKeeperOptions } from './options.ts';
import { s3Options } from './settings.ts';
import { BackupTally } from './tally.ts';
import { type TimelineWork, workOnTimeline } from './timeline-work.ts';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** Whoever must not write looks so often whether a person has changed that. */
const CLAIMED_RETRY_MS = 60_000;

/**
 * Backs the cluster up while its agent leads: from the beginning of a term to its end, and at its end at once no more. The next
 * leader goes on from what the stores have.
 */
export class BackupKeeper implements AsyncDisposable {
  readonly tally: BackupTally;
  readonly #options: BackupKeeperOptions;
  readonly #stores: readonly Store[];
  readonly #ending = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #work: TimelineWork | undefined;
  #fault: Fault | undefined;
  #timeline: string | undefined;

  /** Opens the stores; nothing is asked of them yet. Throws `STORE_URL_INVALID`. */
  constructor(options: BackupKeeperOptions) {
    const { config, events } = options;
    this.#options = options;
    this.tally = new BackupTally(events.onChange);
    const s3 = s3Options(config, (what, error) => events.onFault(what, error));
    this.#stores = config.store.map((url) => openStore(url, { s3 }));
  }

  /** What works now; undefined where another agent leads, or nothing could be begun yet. */
  get work(): TimelineWork | undefined {
    return this.#work;
  }

  /** The timeline that this agent saw last. */
  get timeline(): string | undefined {
    return this.#timeline;
  }

  /** Why nothing is backed up at the moment, though this agent leads. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  get stores(): readonly Store[] {
    return this.#stores;
  }

  /** Begins to back up under a term; it ends with the term. */
  begin(term: Term): void {
    const before = this.#running;
    // Two of one agent must never write at once.
    this.#running = before.then(() => this.#lead(term)).catch((error: unknown) => this.#failed(error));
  }

  /** Ends it at once, and closes the stores. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await Promise.allSettled(this.#stores.map((store) => store[Symbol.asyncDispose]()));
  }

  async #lead(term: Term): Promise<void> {
    const link = linkedAbort([this.#ending.signal, term.lost]);
    const { signal } = link;
    const backOff = new BackOff(FIRST_RETRY_MS, MAX_RETRY_MS);
    let over: string | undefined;
    try {
      while (!signal.aborted) {
        try {
          await this.#timelineOf(term, over, signal, backOff);
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof AgentError && error.code === 'TERM_LOST') return;
          this.#failed(error);
          if (error instanceof AgentError && error.code === 'TIMELINE_FORKED') over = this.#timeline;
          await new BackOff(isClaimFault(error) ? CLAIMED_RETRY_MS : 0).pause(signal);
        }
        await backOff.pause(signal);
      }
    } finally {
      link.release();
      this.#work = undefined;
      this.#fault = undefined;
      this.#options.events.onChange();
    }
  }

  async #timelineOf(term: Term, over: string | undefined, signal: AbortSignal, backOff: BackOff): Promise<void> {
    const { client, keys, events } = this.#options;
    const { header } = await client.status(signal);
    const { timeline, begun } = await ownTimeline({ client, keys, term }, header.clusterId, over, signal);
    if (begun) events.log('a timeline of backups begins', { timeline, ...(over === undefined ? {} : { after: over }) });
    this.#timeline = timeline;
    const work = {
      ...{ keeper: this.#options, stores: this.#stores, term, timeline, tally: this.tally },
      begun: (all: TimelineWork) => {
        this.#work = all;
        this.#fault = undefined;
        events.onChange();
      },
    };
    const beganMs = performance.now();
    try {
      await workOnTimeline(work, signal);
    } finally {
      this.#work = undefined;
      if (performance.now() - beganMs > MAX_RETRY_MS) backOff.reset();
    }
  }

  #failed(error: unknown): void {
    this.#fault = faultOf(error);
    this.#options.events.onFault('backing up', error);
    this.#options.events.onChange();
  }
}
