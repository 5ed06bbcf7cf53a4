import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { KeySizesPage } from '../../etcd/types.ts';
import type { KeyspaceClient } from './client.ts';
import { KeySpan } from './key-span.ts';
import { PageLimit } from './page-limit.ts';
import type { KeyspaceTotals } from './totals.ts';

/** A page may be this much behind the watch: etcd posts events an instant before reads can see them. */
const STALE_RETRIES = 50;
const STALE_PAUSE_MS = 20;

/** What one step has read. */
export interface ScanStep {
  readonly keys: number;
  /** How long the page was under way. */
  readonly seconds: number;
}

/**
 * One pass over all keys, page by page, each page as new as the member has it. It can be left and gone on with.
 *
 * There is no fixed revision that compaction could take away. Instead, every event of the watch is applied as well, in
 * order: whatever a page has shown of a key, the last event about the key corrects it. That is exact as soon as the watch
 * has come to the revision of the newest page, on the condition that no page is older than events applied before it.
 */
export class Scan {
  readonly #client: KeyspaceClient;
  readonly #totals: KeyspaceTotals;
  readonly #span = new KeySpan();
  readonly #limit: PageLimit;
  #keys = 0;
  #newestPage = 0n;

  constructor(client: KeyspaceClient, totals: KeyspaceTotals, pageBytes: number) {
    this.#client = client;
    this.#totals = totals;
    this.#limit = new PageLimit(pageBytes);
  }

  get done(): boolean {
    return this.#span.done;
  }

  /** Keys that pages have shown so far. */
  get keys(): number {
    return this.#keys;
  }

  /** The totals are exact once all events up to this revision have been applied. */
  get newestPage(): bigint {
    return this.#newestPage;
  }

  /**
   * Reads and applies the next page. No event may be applied meanwhile; all up to `watched` have been. Throws what the
   * client throws, and `KEYSPACE_WENT_BACK` when the member's data is older than what it had before.
   */
  async step(watched: bigint, signal: AbortSignal): Promise<ScanStep> {
    const startedMs = performance.now();
    const { limit } = this.#limit;
    const page = await this.#page(limit, watched, signal);
    const seconds = (performance.now() - startedMs) / 1000;
    if (page === undefined) {
      return { keys: 0, seconds };
    }
    const { first, last, keys, bytes } = this.#apply(page);
    this.#keys += keys;
    this.#newestPage = page.header.revision;
    this.#limit.learn(keys, bytes);
    this.#span.advance({ limit, count: page.count, more: page.more, first, last });
    return { keys, seconds };
  }

  #apply(page: KeySizesPage): { first: Buffer | undefined; last: Buffer | undefined; keys: number; bytes: number } {
    let first: Buffer | undefined;
    let last: Buffer | undefined;
    let keys = 0;
    let bytes = 0;
    page.forEach((key, valueBytes) => {
      this.#totals.put(key, valueBytes);
      first ??= key;
      last = key;
      keys += 1;
      bytes += key.length + valueBytes;
    });
    return { first, last, keys, bytes };
  }

  /** The page, or undefined when it was too large and a smaller one is to be asked for. */
  async #page(limit: number, watched: bigint, signal: AbortSignal): Promise<KeySizesPage | undefined> {
    const request = { ...this.#span.next(), limit, serializable: true };
    for (let attempt = 0; attempt < STALE_RETRIES; attempt += 1) {
      let page: KeySizesPage;
      try {
        page = await this.#client.keySizes(request, signal);
      } catch (error) {
        const { code } = faultOf(error);
        const tooMuch = code === 'ETCD_MESSAGE_TOO_LARGE' || (code === 'ETCD_DEADLINE' && !signal.aborted);
        if (tooMuch && this.#limit.shrink()) {
          return undefined;
        }
        throw error;
      }
      if (page.header.revision >= watched) {
        return page;
      }
      await sleep(STALE_PAUSE_MS, undefined, { signal });
    }
    throw new AgentError(
      'KEYSPACE_WENT_BACK',
      `The member answers from a revision before ${watched}, which it had reached already.`,
      { remedy: 'Nothing, if it was restored from a backup: the keyspace is read again.' },
    );
  }
}
