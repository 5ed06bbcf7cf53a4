import { linkedAbort, within } from '../../abort/linked-abort.ts';
import { untilAborted } from '../../abort/until-aborted.ts';
import { BackOff } from '../../backup/delta/back-off.ts';
import { storedEverywhere } from '../../backup/delta/unprotected.ts';
import { highest } from '../../backup/revisions.ts';
import { openStore } from '../../backup/store/open-store.ts';
import type { Store } from '../../backup/store/store.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { BackupView } from '../../cluster/backup-view.ts';
import type { Fault } from '../../cluster/observation.ts';
import { HeldCondition } from '../../cluster/stability.ts';
import type { Term } from '../../journal/term.ts';
import { ownTimeline } from '../../journal/timeline.ts';
import type { TakenSnapshot } from '../../operate/backup-ports.ts';
import { OperationStopped } from '../../operate/operation.ts';
import { CompactionHold } from './compaction-hold.ts';
import { backupNotRunning, isClaimFault } from './full-faults.ts';
import { type BackupIntervals, intervalsOf } from './intervals.ts';
import { noticesOf } from './notices.ts';
import type { BackupKeeperOptions } from './options.ts';
import { s3Options } from './settings.ts';
import { SOURCE_DIFFERS } from './snapshot-source.ts';
import { BackupTally } from './tally.ts';
import { storedStatus, type TimelineWork, workOnTimeline } from './timeline-work.ts';
import { backupView } from './view.ts';

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;
/** Whoever must not write looks so often whether a person has changed that. */
const CLAIMED_RETRY_MS = 60_000;

/** What has failed for so long does not go by itself. */
const FAILING_SECONDS = 60;

/** So long it is told that a store was found empty; the work goes on meanwhile. */
const EMPTY_MS = 3_600_000;

/** Work that is told to end does so within this, unless something does not answer. */
const ENDING_MS = 30_000;
/** A process that is to end does not wait for longer. */
const CLOSING_MS = 10_000;

/**
 * Backs the cluster up while its agent leads: from the beginning of a term to its end, and at its end at once no more. The next
 * leader goes on from what the stores have.
 */
export class BackupKeeper implements AsyncDisposable {
  readonly #tally: BackupTally;
  readonly #options: BackupKeeperOptions;
  readonly #stores: readonly Store[];
  readonly #ending = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #work: TimelineWork | undefined;
  #fault: Fault | undefined;
  #timeline: string | undefined;
  readonly #intervals: BackupIntervals;
  /** The timeline that was begun by this agent. */
  #begunHere: string | undefined;
  #emptied: { readonly message: string; readonly untilMs: number } | undefined;
  #leads = false;
  readonly #hold: CompactionHold;
  readonly #failing = new HeldCondition();
  readonly #fullFailing = new HeldCondition();
  readonly #captureFailing = new HeldCondition();

  /** Opens the stores; nothing is asked of them yet. Throws `STORE_URL_INVALID`. */
  constructor(options: BackupKeeperOptions) {
    const { config, events } = options;
    this.#options = options;
    this.#hold = new CompactionHold(config.delta.compactionWaitMs);
    this.#tally = new BackupTally(events.onChange);
    this.#intervals = intervalsOf(config, Date.now());
    const s3 = s3Options(config, (what, error) => events.onFault(what, error));
    this.#stores = config.store.map((url) => openStore(url, { s3 }));
    for (const notice of noticesOf(config, this.#stores)) events.log(notice);
  }

  /** What is to be seen of it now. */
  view(): BackupView {
    const tally = this.#tally;
    const parts = { work: this.#work, timeline: this.#timeline, fault: this.#fault, stores: this.#stores, tally };
    return backupView({ ...parts, intervals: this.#intervals }, Date.now());
  }

  /**
   * The last revision that is in all stores, for as long as compaction has to wait for the others; undefined where it has not: here
   * nothing is backed up, or nothing has been stored for longer than `backup.delta.compactionWait`.
   */
  durableRevision(): bigint | undefined {
    if (!this.#leads || this.#options.config.delta.mode !== 'auto') return undefined;
    const status = storedStatus(this.#work);
    const revision = status === undefined ? undefined : storedEverywhere(status);
    const liveRevision = highest([status?.capture.lastSeenRevision ?? 0n, status?.capture.liveRevision ?? 0n]) ?? 0n;
    const limit = this.#hold.limit({ revision, liveRevision }, performance.now());
    if (this.#hold.letGo) this.#options.events.onFault('holding compaction back', wentOn(revision));
    return limit;
  }

  /**
   * Why backups do not get on, one sentence, where a person has to know: they may not be written, have failed for a while, or
   * compaction has gone on without them.
   */
  trouble(): string | undefined {
    const nowMs = performance.now();
    const failing = this.#failing.look(this.#fault !== undefined, nowMs);
    const full = this.#work?.fulls?.fault;
    const fullFailing = this.#fullFailing.look(full !== undefined, nowMs);
    const capture = this.#work?.stream?.status.capture.fault;
    const captureFailing = this.#captureFailing.look(capture !== undefined, nowMs);
    if (!this.#leads) return undefined;
    if (this.#fault !== undefined && (isClaimFault(this.#fault) || failing > FAILING_SECONDS))
      return this.#fault.message;
    if (full !== undefined && fullFailing > FAILING_SECONDS) return `no full snapshot is stored: ${full.message}`;
    if (capture !== undefined && captureFailing > FAILING_SECONDS)
      return `changes are not captured: ${capture.message}`;
    const disagreeing = this.#work?.fulls?.disagreeing;
    if (disagreeing !== undefined) return disagreeing.message;
    if (this.#emptied !== undefined && nowMs < this.#emptied.untilMs) return this.#emptied.message;
    return this.#hold.letGo ? 'a store has taken nothing for so long that compaction went on without it' : undefined;
  }

  /** As `SnapshotTaker` says. */
  async takeSnapshot(signal: AbortSignal): Promise<TakenSnapshot> {
    const { fulls } = this.#work ?? {};
    if (fulls === undefined) throw backupNotRunning(this.#options.member);
    const { content, keyCount, outcomes } = await fulls.take(signal).catch((error: unknown) => {
      // Nothing has failed: there is no member to take it of for now.
      throw faultOf(error).code === SOURCE_DIFFERS ? stoppedFor(error) : error;
    });
    return {
      revision: content.revision,
      keys: keyCount.keys,
      stores: outcomes.map((outcome) => ({
        url: outcome.store.url,
        ...('error' in outcome ? { fault: faultOf(outcome.error).message } : {}),
      })),
    };
  }

  /** A drill has found a chain whole. @param store its place in the configuration @param atMs wall clock */
  proven(store: number, atMs: number): void {
    this.#work?.fulls?.proven(store, atMs);
    this.#options.events.onChange();
  }

  /** Begins to back up under a term; it ends with the term. */
  begin(term: Term): void {
    const before = this.#running;
    // Two of one agent must never write at once.
    this.#running = this.#over(before)
      .then(() => this.#lead(term))
      .catch((error: unknown) => this.#failed(error));
  }

  /** Ends it at once, and closes the stores. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await within([], CLOSING_MS, (closing) => untilAborted(this.#running, closing)).catch(() => undefined);
    await Promise.allSettled(this.#stores.map((store) => store[Symbol.asyncDispose]()));
  }

  /** Waits for the work of the term before, and tells where it does not end. */
  async #over(before: Promise<void>): Promise<void> {
    const timer = setTimeout(() => this.#failed(doesNotEnd()), ENDING_MS).unref();
    await before;
    clearTimeout(timer);
  }

  async #lead(term: Term): Promise<void> {
    const link = linkedAbort([this.#ending.signal, term.lost]);
    const { signal } = link;
    const backOff = new BackOff(FIRST_RETRY_MS, MAX_RETRY_MS);
    let over: string | undefined;
    this.#leads = !signal.aborted;
    try {
      while (!signal.aborted) {
        try {
          await this.#timelineOf(term, over, signal, backOff);
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof AgentError && error.code === 'TERM_LOST') return;
          this.#failed(error);
          if (error instanceof AgentError && error.code === 'TIMELINE_FORKED') over = this.#timeline;
          await new BackOff(isClaimFault(faultOf(error)) ? CLAIMED_RETRY_MS : 0).pause(signal);
        }
        await backOff.pause(signal);
      }
    } finally {
      link.release();
      this.#leads = false;
      this.#work = undefined;
      this.#fault = undefined;
      this.#options.events.onChange();
    }
  }

  async #timelineOf(term: Term, over: string | undefined, signal: AbortSignal, backOff: BackOff): Promise<void> {
    const { client, keys, events } = this.#options;
    const { header } = await client.status(signal);
    const { timeline, begun, follows } = await ownTimeline({ client, keys, term }, header.clusterId, over, signal);
    if (begun) this.#begunHere = timeline;
    if (begun) events.log('a timeline of backups begins', { timeline, ...(over === undefined ? {} : { after: over }) });
    this.#timeline = timeline;
    const work = {
      ...{ keeper: this.#options, stores: this.#stores, term, timeline, tally: this.#tally },
      stood: timeline !== this.#begunHere,
      ...(follows === undefined ? {} : { follows }),
      emptied: (fault: AgentError) => {
        this.#emptied = { message: fault.message, untilMs: performance.now() + EMPTY_MS };
        events.onFault('claiming a place for backups', fault);
      },
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

function stoppedFor(error: unknown): OperationStopped {
  const { message, remedy } = faultOf(error);
  const why = `${message.slice(0, 1).toLowerCase()}${message.slice(1)}`.replace(/\.$/, '');
  return new OperationStopped(SOURCE_DIFFERS, why, remedy === undefined ? {} : { remedy });
}

function doesNotEnd(): AgentError {
  return new AgentError('BACKUP_NOT_ENDING', 'The work of an earlier term has not ended, so nothing is backed up.', {
    remedy:
      'Look at the stores and at the disk of the spool: one of them does not answer. A restart of the agent may help.',
  });
}

function wentOn(revision: bigint | undefined): AgentError {
  const has = revision === undefined ? 'it is not known what the stores have' : `they have all up to ${revision}`;
  return new AgentError(
    'BACKUP_COMPACTION_NOT_HELD',
    `Backups have not got on for so long that compaction goes on without them (${has}): what it takes away is lost to the chain.`,
    { remedy: 'See why the store takes nothing. A full snapshot is taken at once when the chain is broken by it.' },
  );
}
