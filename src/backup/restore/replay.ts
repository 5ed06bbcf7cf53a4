import { AgentError } from '../../cluster/agent-error.ts';
import type { TxnPipe } from '../../etcd/pipe/txn-pipe.ts';
import type { TxnReply } from '../../etcd/txn.ts';
import type { DeltaRecord, RevisionBatch } from '../delta/revision-batch.ts';
import { type LaterTerms, ReplayedLeases } from './replayed-leases.ts';
import { bytesOf, changesOf, checkBatch, type Guard, guardOf } from './revision-txn.ts';
import type { ScratchLeases } from './scratch-leases.ts';

export interface ReplayOptions {
  /** Of the scratch etcd, to which nobody else writes. */
  readonly pipe: TxnPipe;
  readonly leases: ScratchLeases;
  /** Asked where a lease is needed of which no record has said for how long. */
  readonly laterTerms?: LaterTerms;
  /** At which the scratch is now: the first one that is made again is the next. */
  readonly fromRevision: bigint;
  /** The last one that is made; absent: the last one that comes. */
  readonly toRevision?: bigint;
  /** Revisions under way at once; default 96. */
  readonly window?: number;
  /** Called about every hundred revisions. */
  readonly onProgress?: (made: ReplayedSoFar) => void;
}

export interface ReplayedSoFar {
  readonly lastRevision: bigint;
  readonly revisions: number;
  readonly events: number;
}

/** What was made again, and how often a transaction overtook another one, was refused and had to be sent again. */
export interface Replayed extends ReplayedSoFar {
  readonly rewinds: number;
  /** Leases of which nobody knows for how long they had been granted: they are for an hour. */
  readonly unknownLeases: number;
}

const DEFAULT_WINDOW = 96;
const MAX_BYTES_UNDER_WAY = 32 * 1024 * 1024;
const PROGRESS_EVERY = 100;

/**
 * Makes revisions again in a scratch etcd, each in one transaction, so that revisions, create and mod revisions, versions and
 * leases come out as they were. Revisions that are there already are left out; one that is missing ends it with
 * `REPLAY_GAP`. Every answer is compared: `REPLAY_DIVERGED` where a revision came out with another number, after which the
 * scratch is of no use. Throws what a call fails with, and what `records` throw.
 */
export async function replay(
  records: AsyncIterable<DeltaRecord>,
  options: ReplayOptions,
  signal: AbortSignal,
): Promise<Replayed> {
  const pipeline = new Pipeline(options);
  const { toRevision } = options;
  for await (const record of records) {
    signal.throwIfAborted();
    if (record.kind === 'lease') {
      pipeline.leases.take(record.grant);
      continue;
    }
    if (toRevision !== undefined && record.batch.revision > toRevision) break;
    await pipeline.add(record.batch);
  }
  return await pipeline.drain();
}

type Answer = { readonly reply: TxnReply } | { readonly error: unknown };

interface UnderWay {
  readonly batch: RevisionBatch;
  readonly bytes: number;
  readonly compare: readonly Guard[];
  answer: Promise<Answer>;
}

class Pipeline {
  readonly leases: ReplayedLeases;
  readonly #options: ReplayOptions;
  readonly #window: number;
  /** Oldest first. */
  readonly #underWay: UnderWay[] = [];
  #bytesUnderWay = 0;
  #last: RevisionBatch | undefined;
  #lastRevision: bigint;
  #revisions = 0;
  #events = 0;
  #rewinds = 0;

  constructor(options: ReplayOptions) {
    this.leases = new ReplayedLeases(options.leases, options.laterTerms);
    this.#options = options;
    this.#window = options.window ?? DEFAULT_WINDOW;
    this.#lastRevision = options.fromRevision;
  }

  async add(batch: RevisionBatch): Promise<void> {
    if (batch.revision <= this.#lastRevision) return;
    if (batch.revision !== this.#lastRevision + 1n) throw gap(this.#lastRevision, batch.revision);
    checkBatch(batch);
    const bytes = bytesOf(batch);
    while (
      this.#underWay.length >= this.#window ||
      (this.#underWay.length > 0 && this.#bytesUnderWay + bytes > MAX_BYTES_UNDER_WAY)
    ) {
      await this.#settleOldest();
    }
    const compare = await this.#guard();
    await this.#leasesOf(batch);
    const sent: UnderWay = { batch, bytes, compare, answer: this.#send(batch, compare) };
    this.#underWay.push(sent);
    this.#bytesUnderWay += bytes;
    this.#last = batch;
    this.#lastRevision = batch.revision;
  }

  async drain(): Promise<Replayed> {
    while (this.#underWay.length > 0) await this.#settleOldest();
    this.#options.leases.check();
    return { ...this.#soFar(this.#lastRevision), rewinds: this.#rewinds, unknownLeases: this.leases.unknown };
  }

  async #guard(): Promise<readonly Guard[]> {
    if (this.#last === undefined || this.#underWay.length === 0) return [];
    const guard = guardOf(this.#last, () => this.#underWay.slice(0, -1).map(({ batch }) => batch));
    if (guard !== undefined) return [guard];
    while (this.#underWay.length > 0) await this.#settleOldest();
    return [];
  }

  async #leasesOf({ events }: RevisionBatch): Promise<void> {
    for (const { lease } of events) {
      if (lease === 0n) continue;
      const granting = this.leases.ready(lease);
      if (granting !== undefined) await granting;
    }
  }

  #send(batch: RevisionBatch, compare: readonly Guard[]): Promise<Answer> {
    return this.#options.pipe.txn({ compare, changes: changesOf(batch) }).then(
      (reply) => ({ reply }),
      (error: unknown) => ({ error }),
    );
  }

  async #settleOldest(): Promise<void> {
    const [oldest] = this.#underWay;
    if (oldest === undefined) return;
    let reply = replyOf(await oldest.answer);
    if (!reply.succeeded) {
      await this.#rewind();
      reply = replyOf(await oldest.answer);
    }
    if (!reply.succeeded || reply.revision !== oldest.batch.revision) {
      this.#options.leases.check();
      throw diverged(oldest.batch.revision, reply);
    }
    this.#underWay.shift();
    this.#bytesUnderWay -= oldest.bytes;
    this.#revisions += 1;
    this.#events += oldest.batch.events.length;
    if (this.#revisions % PROGRESS_EVERY === 0) this.#options.onProgress?.(this.#soFar(oldest.batch.revision));
  }

  /** The oldest one was refused, so all others were too: each waits for the one before it. All are sent again. */
  async #rewind(): Promise<void> {
    this.#rewinds += 1;
    for (const { batch, answer } of this.#underWay) {
      const reply = replyOf(await answer);
      if (reply.succeeded) throw diverged(batch.revision, reply);
    }
    for (const sent of this.#underWay) sent.answer = this.#send(sent.batch, sent.compare);
  }

  #soFar(lastRevision: bigint): ReplayedSoFar {
    return { lastRevision, revisions: this.#revisions, events: this.#events };
  }
}

function replyOf(answer: Answer): TxnReply {
  if ('error' in answer) throw answer.error;
  return answer.reply;
}

function gap(last: bigint, next: bigint): AgentError {
  const [from, to] = [last + 1n, next - 1n];
  const what = from === to ? `Revision ${from} is missing` : `Revisions ${from} to ${to} are missing`;
  return new AgentError('REPLAY_GAP', `${what} between ${last} and ${next}: nothing after them can be restored.`, {
    remedy: `Restore to revision ${last}, or run \`backup verify\` to see which chain is whole.`,
  });
}

function diverged(revision: bigint, reply: TxnReply): AgentError {
  const what = reply.succeeded ? `was made as revision ${reply.revision}` : 'was refused';
  return new AgentError('REPLAY_DIVERGED', `Revision ${revision} ${what} in the scratch etcd: it is not what it was.`, {
    remedy: 'Restore again. If it comes back, run `backup verify`, and report it with its output.',
  });
}
