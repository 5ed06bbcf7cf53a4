import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdError } from '../../../etcd/errors.ts';
import type { MemberClient } from '../../../etcd/member-client.ts';
import type { TxnChange, TxnReply } from '../../../etcd/txn.ts';
import type { KeyValue } from '../../../etcd/types.ts';
import type { KeyChange } from './key-change.ts';
import { mayPass, PATIENCE, type Patience, patiently } from './patience.ts';
import type { WriteOutcome } from './write-outcome.ts';

export interface GuardedWriterOptions {
  readonly client: Pick<MemberClient, 'txn' | 'range'>;
  /** The lease that a key is put under in place of the one that it had; undefined where there is none any more. */
  readonly leaseFor: (lease: bigint, signal: AbortSignal) => Promise<bigint | undefined>;
  readonly patience?: Patience;
}

/** A change, and whether it may have been made in a transaction whose answer was lost. */
interface Open {
  readonly change: KeyChange;
  readonly lease: bigint;
  unsure: boolean;
}

const PAUSE_MS = 100;
const LOOKUPS_AT_ONCE = 16;

/**
 * Writes changes to a live cluster, each only while its key is as it was when it was looked at. What somebody else has written
 * meanwhile is left alone and told; the others of its batch are written without it. Where an answer is lost the keys are
 * looked up, and what was not made is sent again: whichever of the two comes first, the guard refuses the other one.
 */
export class GuardedWriter {
  readonly #options: GuardedWriterOptions;

  constructor(options: GuardedWriterOptions) {
    this.#options = options;
  }

  /**
   * What became of each change, in their order. Throws what the cluster refuses for good (`ETCD_PERMISSION_DENIED`,
   * `ETCD_NOSPACE`) and what does not pass in time; then some of them may have been made.
   */
  async write(changes: readonly KeyChange[], signal: AbortSignal): Promise<readonly WriteOutcome[]> {
    const outcomes = new Map<KeyChange, WriteOutcome>();
    const open: Open[] = [];
    for (const change of changes) {
      const lease = await this.#leaseOf(change, signal);
      if (lease === undefined) outcomes.set(change, { change, result: 'lease-gone' });
      else open.push({ change, lease, unsure: false });
    }
    await this.#writeAll(open, outcomes, signal);
    return changes.map((change) => outcomes.get(change) ?? { change, result: 'equal' });
  }

  async #writeAll(open: readonly Open[], outcomes: Map<KeyChange, WriteOutcome>, signal: AbortSignal): Promise<void> {
    const untilMs = performance.now() + (this.#options.patience ?? PATIENCE).forMs;
    for (let left = open; left.length > 0; ) {
      try {
        const reply = await this.#send(left, signal);
        if (reply.succeeded) {
          for (const { change } of left) outcomes.set(change, { change, result: 'made', revision: reply.revision });
          return;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (isTooMuch(error)) return await this.#inParts(left, outcomes, signal);
        if (!mayPass(error) || performance.now() > untilMs) throw error;
        for (const one of left) one.unsure = true;
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
      left = await this.#stillOpen(left, outcomes, signal);
    }
  }

  async #inParts(left: readonly Open[], outcomes: Map<KeyChange, WriteOutcome>, signal: AbortSignal): Promise<void> {
    const [first] = left;
    if (left.length === 1 && first !== undefined) {
      outcomes.set(first.change, { change: first.change, result: 'too-large' });
      return;
    }
    const middle = left.length >> 1;
    await this.#writeAll(left.slice(0, middle), outcomes, signal);
    await this.#writeAll(left.slice(middle), outcomes, signal);
  }

  #send(open: readonly Open[], signal: AbortSignal): Promise<TxnReply> {
    const compare = open.map(({ change: { key, found } }) => ({ key, modRevision: found?.modRevision ?? 0n }));
    return this.#options.client.txn({ compare, changes: open.map(txnChange) }, signal);
  }

  /** Looks all keys up; gives those that are as they were, which can be sent again. */
  async #stillOpen(
    left: readonly Open[],
    outcomes: Map<KeyChange, WriteOutcome>,
    signal: AbortSignal,
  ): Promise<readonly Open[]> {
    const { client, patience = PATIENCE } = this.#options;
    const still: Open[] = [];
    for (let from = 0; from < left.length; from += LOOKUPS_AT_ONCE) {
      const some = left.slice(from, from + LOOKUPS_AT_ONCE);
      const pages = await Promise.all(
        some.map(({ change: { key } }) => patiently(() => client.range({ key }, signal), patience, signal)),
      );
      for (const [index, one] of some.entries()) {
        const outcome = outcomeOf(one, pages[index]?.kvs[0], pages[index]?.header.revision ?? 0n);
        if (outcome === undefined) still.push(one);
        else outcomes.set(one.change, outcome);
      }
    }
    return still;
  }

  async #leaseOf({ wanted }: KeyChange, signal: AbortSignal): Promise<bigint | undefined> {
    if (wanted === undefined || wanted.lease === 0n) return 0n;
    return await this.#options.leaseFor(wanted.lease, signal);
  }
}

function txnChange({ change: { key, wanted }, lease }: Open): TxnChange {
  return wanted === undefined ? { delete: key } : { put: key, value: wanted.value, lease };
}

/** Undefined: the key is as it was when the change was made up, and the change can still be made. */
function outcomeOf({ change, unsure }: Open, now: KeyValue | undefined, revision: bigint): WriteOutcome | undefined {
  const { wanted, found } = change;
  if ((now?.modRevision ?? 0n) === (found?.modRevision ?? 0n)) return undefined;
  const isWanted = wanted === undefined ? now === undefined : now?.value.equals(wanted.value) === true;
  if (!isWanted) return { change, result: 'conflict', modRevision: now?.modRevision };
  // After a lost answer it was most likely us; else it was somebody else, to whom it belongs.
  return unsure ? { change, result: 'made', revision: now?.modRevision ?? revision } : { change, result: 'equal' };
}

function isTooMuch(error: unknown): boolean {
  return error instanceof EtcdError && (error.code === 'ETCD_MESSAGE_TOO_LARGE' || error.code === 'ETCD_TOO_MANY_OPS');
}
