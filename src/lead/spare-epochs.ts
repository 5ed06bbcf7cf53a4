import { AgentError } from '../cluster/agent-error.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import type { TxnCompare } from '../etcd/txn.ts';
import { certainTxn } from '../journal/certain-txn.ts';
import { guardedTxn } from '../journal/guarded-txn.ts';
import type { JournalKeys } from '../journal/keys.ts';
import type { JournalSnapshot, SpareEpoch } from '../journal/snapshot.ts';
import type { Term } from '../journal/term.ts';
import type { Registration } from './registration.ts';
import { claimable, USED_UP } from './spare-claims.ts';
import { SpareTerm } from './spare-term.ts';

/**
 * Under NOSPACE nothing can be put and no lease granted, so neither slot nor campaign work. Deletions do: epochs and steps
 * that were put ahead of time are consumed instead, by transactions that only delete (see `replenishSpares` for their keys).
 */

/** What a claim needs. */
export interface SpareClaim {
  readonly client: MemberClient;
  readonly keys: JournalKeys;
  readonly snapshot: JournalSnapshot;
  readonly registration: Pick<Registration, 'record' | 'guard' | 'current'>;
  /** `lead.ttl`. */
  readonly ttlMs: number;
  /** The term by lease, where this agent leads. */
  readonly term?: Term;
}

/**
 * Claims the next spare epoch, in one transaction that also takes the slot away, as it cannot be written any more. Undefined
 * where it may not (`claimable` says why), or where the snapshot was no longer right, or somebody was faster. Throws as
 * `certainTxn` does: `JOURNAL_UNCERTAIN` means that the epoch may be spent, and nothing is held.
 */
export async function claimSpareEpoch(claim: SpareClaim, signal?: AbortSignal): Promise<SpareTerm | undefined> {
  const { client, keys, snapshot, registration, ttlMs } = claim;
  const term = claim.term?.held === true ? claim.term : undefined;
  const { memberId } = registration.record;
  const may = claimable(snapshot, { memberId, leads: term !== undefined, ttlMs, nowMs: performance.now() });
  if (!('spare' in may)) {
    return term !== undefined && may.reason.code === USED_UP ? await onLeaseAlone(claim, term, signal) : undefined;
  }
  const { epoch, steps } = may.spare;
  const heldMs = Math.min(ttlMs, may.spare.ttlMs ?? ttlMs);
  const ownKey = keys.spareEpoch(epoch, memberId);
  const { current } = registration;
  const newest = newestWhileHeld(keys, snapshot, may.spare, term);
  const sentAtMs = performance.now();
  const { succeeded, revision } = await certainTxn(
    client,
    {
      compare: [
        ...newest,
        ...unclaimed(keys, may.spare),
        ...(term === undefined ? [{ key: keys.leader, createRevision: 0n }] : []),
        ...registration.guard,
        { key: keys.slot, modRevision: snapshot.slotRevision },
      ],
      changes: [{ delete: ownKey }, ...(snapshot.slotRevision > 0n ? [{ delete: keys.slot }] : [])],
      // Of two agents beside one member only the registered one claims; where neither is, nobody could tell whose it was.
      witness: current === undefined ? undefined : { key: ownKey },
    },
    signal,
  );
  if (!succeeded) return undefined;
  return new SpareTerm({
    epoch,
    holder: memberId,
    guard: [...newest, { key: ownKey, version: 0n }],
    ownKey,
    revision,
    steps,
    sentAtMs,
    ttlMs: heldMs,
    ...(current === undefined ? {} : { lease: current.lease }),
    ...(term === undefined ? {} : { parent: term }),
  });
}

/**
 * Where no spare epoch is left the leader by lease goes on under its lease alone: nobody else can claim anything, and while
 * its key stands nobody else leads. Only an agent that dies over it cannot be followed any more.
 */
async function onLeaseAlone(
  { client, keys, snapshot, registration, ttlMs }: SpareClaim,
  term: Term,
  signal: AbortSignal | undefined,
): Promise<SpareTerm | undefined> {
  const { current, record } = registration;
  if (current === undefined) return undefined;
  // There never is a spare epoch 0, so this key never was.
  const ownKey = keys.spareEpoch(0n, record.memberId);
  const guard: readonly TxnCompare[] = [
    { key: keys.epoch, modRevision: snapshot.epochRevision },
    ...term.guard,
    { key: ownKey, version: 0n },
  ];
  const sentAtMs = performance.now();
  const { succeeded, revision } = await certainTxn(
    client,
    {
      compare: [...guard, { key: keys.slot, modRevision: snapshot.slotRevision }],
      changes: [{ delete: snapshot.slotRevision > 0n ? keys.slot : ownKey }],
      witness: undefined,
    },
    signal,
  );
  if (!succeeded) return undefined;
  const { epoch, holder } = term;
  return new SpareTerm({ epoch, holder, guard, ownKey, revision, sentAtMs, ttlMs, lease: current.lease, parent: term });
}

/**
 * Journals a step by consuming a spare one, right before the effect; gives its index. Throws `TERM_LOST`,
 * `SPARE_STEPS_USED_UP`, with `unlessPaused` `PAUSED` where a pause stands at that very revision, or as `certainTxn` does.
 */
export async function consumeStep(
  client: MemberClient,
  keys: JournalKeys,
  term: SpareTerm,
  signal?: AbortSignal,
  { unlessPaused = false }: { readonly unlessPaused?: boolean } = {},
): Promise<number> {
  if (term.stepless) {
    await stepByLease(client, keys, term, signal, unlessPaused);
    return 0;
  }
  const index = term.takeStep();
  if (index === undefined) {
    throw new AgentError('SPARE_STEPS_USED_UP', `All steps of spare epoch ${term.epoch} are used up.`, {
      remedy: 'Nothing: the next spare epoch is claimed in a moment.',
    });
  }
  const key = keys.spareStep(term.epoch, index);
  const unused = { key, versionAbove: 0n };
  const sentAtMs = performance.now();
  const txn = {
    compare: [unused, ...notPaused(keys, unlessPaused)],
    changes: [{ delete: key }],
    witness: { key },
  };
  const { succeeded } = await guarded(client, term, txn, signal);
  if (!succeeded) {
    const still = await client.txn({ compare: [unused], changes: [] }, signal);
    if (unlessPaused && still.succeeded) {
      term.returnStep(index);
      throw paused(term);
    }
    term.end('one of its steps was used by somebody else');
    throw term.lost.reason;
  }
  term.refreshed(sentAtMs);
  return index;
}

/** A step of a term that stands on the lease alone: it only shows that the term is still the newest, through the quorum. */
async function stepByLease(
  client: MemberClient,
  keys: JournalKeys,
  term: SpareTerm,
  signal: AbortSignal | undefined,
  unlessPaused: boolean,
): Promise<void> {
  const sentAtMs = performance.now();
  const txn = { compare: notPaused(keys, unlessPaused), changes: [{ delete: term.ownKey }], witness: undefined };
  const { succeeded } = await guarded(client, term, txn, signal);
  if (!succeeded) throw paused(term);
  term.refreshed(sentAtMs);
}

function notPaused(keys: JournalKeys, unlessPaused: boolean): readonly TxnCompare[] {
  return unlessPaused ? [{ key: keys.pause, createRevision: 0n }] : [];
}

function paused({ epoch }: SpareTerm): AgentError {
  return new AgentError(
    'PAUSED',
    `What is done under spare epoch ${epoch} stops before its next step: a pause stands.`,
    {
      remedy: 'Say resume when it may go on.',
    },
  );
}

/**
 * Shows that the term is still the newest, so that it stays held during a long effect; to be called well
 * within its time. Without a lease others see only what is deleted, so that costs a step. Throws as `consumeStep` does.
 */
export async function keepSpareTerm(
  client: MemberClient,
  keys: JournalKeys,
  term: SpareTerm,
  signal?: AbortSignal,
): Promise<void> {
  if (term.lease === undefined) {
    await consumeStep(client, keys, term, signal);
    return;
  }
  const sentAtMs = performance.now();
  // Deletes nothing, as the guard says; but unlike a transaction without changes it goes through the quorum.
  const txn = { compare: [], changes: [{ delete: term.ownKey }], witness: undefined };
  await guarded(client, term, txn, signal);
  term.refreshed(sentAtMs);
}

async function guarded(
  client: MemberClient,
  term: SpareTerm,
  txn: Parameters<typeof guardedTxn>[2],
  signal: AbortSignal | undefined,
): ReturnType<typeof guardedTxn> {
  try {
    return await guardedTxn(client, term, txn, signal);
  } catch (error) {
    if (error instanceof AgentError && error.code === 'TERM_LOST') term.end('another one is newer, or it was not kept');
    throw error;
  }
}

/** What is true until anybody claims a newer epoch, or raises the stored one, or (where it leads by lease) the lease is lost. */
function newestWhileHeld(
  keys: JournalKeys,
  { epochRevision, spares }: JournalSnapshot,
  { epoch }: SpareEpoch,
  term: Term | undefined,
): readonly TxnCompare[] {
  const next = spares.find((spare) => spare.epoch === epoch + 1n);
  return [
    { key: keys.epoch, modRevision: epochRevision },
    ...(next === undefined ? [] : unclaimed(keys, next)),
    ...(term === undefined ? [] : term.guard),
  ];
}

/** Nobody has claimed it: the keys of all for whom it was made are there. */
function unclaimed(keys: JournalKeys, { epoch, members }: SpareEpoch): readonly TxnCompare[] {
  return members.map((memberId) => ({ key: keys.spareEpoch(epoch, memberId), versionAbove: 0n }));
}
