import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberClient } from '../../../src/etcd/member-client.ts';
import { BareEtcdClient, putMessage } from '../bare-etcd-client.ts';

const PREFIX = '/numbered/';
const VALUE_BYTES = 256;
const TIMEOUT_MS = 2000;
const TICK_MS = 5;
const PAGE = 5000;

/** Of writes that were acknowledged, those that are not there. */
export interface Missing {
  readonly acknowledged: number;
  readonly missing: number;
  /** How long before a given time the oldest missing one was acknowledged; 0 where none is missing. */
  readonly oldestSeconds: number;
}

/**
 * Writes at fixed times, each to a key of its own, through one member after the other, whether or not earlier ones have been
 * answered; remembers when each was acknowledged. Whoever starts it ends it.
 */
export class NumberedWrites {
  readonly #acknowledged = new Map<number, { readonly sentMs: number; readonly atMs: number }>();
  readonly #clients: readonly BareEtcdClient[];
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #running: Promise<void>;
  #next: number;

  constructor(endpoints: readonly string[], perSecond: number, first = 0) {
    this.#clients = endpoints.map((endpoint) => new BareEtcdClient(endpoint, TIMEOUT_MS));
    this.#next = first;
    this.#running = this.#run(perSecond, first);
  }

  /** Ends it; gives the number that comes after the last one. */
  async end(): Promise<number> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#underWay);
    for (const client of this.#clients) client.close();
    return this.#next;
  }

  /** When the first write that was sent after a time was acknowledged, monotonic; undefined where none was yet. */
  firstAfter(sinceMs: number): number | undefined {
    const later = [...this.#acknowledged.values()].filter(({ sentMs }) => sentMs > sinceMs).map(({ atMs }) => atMs);
    return later.length === 0 ? undefined : Math.min(...later);
  }

  /** What is missing of the writes that were acknowledged up to `untilMs`, monotonic. */
  async missing(client: MemberClient, untilMs: number): Promise<Missing> {
    const there = new Set<number>();
    let key = Buffer.from(PREFIX);
    for (;;) {
      const { kvs, more } = await client.range({
        key,
        rangeEnd: Buffer.from('/numbered0'),
        limit: PAGE,
        keysOnly: true,
      });
      for (const each of kvs) there.add(Number(each.key.subarray(PREFIX.length).toString()));
      const last = kvs.at(-1);
      if (!more || last === undefined) break;
      key = Buffer.concat([last.key, Buffer.alloc(1)]);
    }
    const acknowledged = [...this.#acknowledged].filter(([, { atMs }]) => atMs <= untilMs);
    const gone = acknowledged.filter(([number]) => !there.has(number)).map(([, { atMs }]) => atMs);
    const oldestSeconds = gone.length === 0 ? 0 : (untilMs - Math.min(...gone)) / 1000;
    return { acknowledged: acknowledged.length, missing: gone.length, oldestSeconds };
  }

  async #run(perSecond: number, first: number): Promise<void> {
    const { signal } = this.#stop;
    const begunMs = performance.now();
    while (!signal.aborted) {
      const due = first + Math.floor(((performance.now() - begunMs) / 1000) * perSecond);
      while (this.#next < due) {
        const writing = this.#write(this.#next).finally(() => this.#underWay.delete(writing));
        this.#underWay.add(writing);
        this.#next += 1;
      }
      await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #write(number: number): Promise<void> {
    const client = this.#clients[number % this.#clients.length];
    const sentMs = performance.now();
    await client?.put(putMessage(Buffer.from(`${PREFIX}${number}`), Buffer.alloc(VALUE_BYTES, 'v'))).then(
      () => this.#acknowledged.set(number, { sentMs, atMs: performance.now() }),
      () => undefined,
    );
  }
}
