import { within } from '../../abort/linked-abort.ts';
import { marksToLookFor } from '../../cluster/foreign-marks.ts';
import type { MemberClient } from '../../etcd/member-client.ts';

/** How often the store is looked through; marks come and go with installations, not with seconds. */
const EVERY_MS = 10 * 60_000;

/** The Kubernetes API server writes this key with each of its compactions, every five minutes unless told otherwise. */
const COMPACT_KEY = Buffer.from('compact_rev_key');

/** A key that has not moved for so long belongs to an API server that is gone: three of its intervals. */
const STILL_MS = 15 * 60_000;

/** What others have left in the store. */
export interface Marks {
  readonly keys: readonly string[];
  readonly kubernetesCompacts: boolean;
}

/** Looks, now and then, for what other caretakers have left in the store: keys only, from the member's own memory. */
export class StoreMarks {
  readonly #client: MemberClient;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #marks: Marks = { keys: [], kubernetesCompacts: false };
  #compactRevision = 0n;
  #compactMovedMs = Number.NEGATIVE_INFINITY;

  constructor(client: MemberClient) {
    this.#client = client;
  }

  /** The newest ones; looks again where the last look is too old. Throws `EtcdError` where that fails. */
  async current(timeoutMs: number, signal: AbortSignal): Promise<Marks> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs < EVERY_MS) return this.#marks;
    this.#marks = await within([signal], timeoutMs, async (until) => ({
      keys: await this.#keys(until),
      kubernetesCompacts: await this.#compacts(nowMs, until),
    }));
    this.#lookedMs = nowMs;
    return this.#marks;
  }

  async #keys(signal: AbortSignal): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { prefix, limit } of marksToLookFor()) {
      const key = Buffer.from(prefix);
      const page = await this.#client.range(
        { key, rangeEnd: endOf(key), limit, keysOnly: true, serializable: true },
        signal,
      );
      found.push(...page.kvs.map((kv) => kv.key.toString('utf8')));
    }
    return found;
  }

  /** In doubt, as at the first look, it does. */
  async #compacts(nowMs: number, signal: AbortSignal): Promise<boolean> {
    const [kv] = (await this.#client.range({ key: COMPACT_KEY, serializable: true }, signal)).kvs;
    if (kv === undefined) return false;
    if (kv.modRevision !== this.#compactRevision) {
      this.#compactRevision = kv.modRevision;
      this.#compactMovedMs = nowMs;
    }
    return nowMs - this.#compactMovedMs <= STILL_MS;
  }
}

/** The exclusive end of everything that begins with these bytes, of which the last is not 255. */
function endOf(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
}
