import { setTimeout as sleep } from 'node:timers/promises';
import { attempt } from './canary/attempt.ts';
import { type CanaryClient, LeasedKey } from './canary/leased-key.ts';
import { type Attempt, type Judgement, judge } from './canary/outcome.ts';
import { Tally } from './canary/tally.ts';
import type { Collector } from './collector.ts';

export interface CanaryOptions {
  /** Goes where a client would go; closed with the collector. */
  readonly client: CanaryClient;
  /** Whether reads are made. */
  readonly read: boolean;
  /** Whether writes are made. */
  readonly write: boolean;
  /** From one read to the next. */
  readonly readIntervalMs: number;
  /** From one write to the next, of all agents of the cluster together. */
  readonly writeIntervalMs: number;
  /** An answer after so long is slow. */
  readonly slowAfterMs: number;
  /** A request without an answer after so long has failed. */
  readonly timeoutMs: number;
  /** Where this agent writes; undefined while it does not know its member: then it writes nothing. */
  readonly place: () => CanaryPlace | undefined;
  /** What is not allowed is tried again after so long; default an hour. */
  readonly offRetryMs?: number;
}

/** Where this agent writes, and who else does. */
export interface CanaryPlace {
  readonly key: Buffer;
  /** Members, and so agents, of the cluster. */
  readonly agents: number;
  /** Which of them this one is, from 0: they begin one after the other. */
  readonly index: number;
}

const OFF_RETRY_MS = 60 * 60_000;
/** So often is looked whether the own member is known by now. */
const PLACE_POLL_MS = 1000;
/** So long the end of the agent waits for its lease to be given back. */
const CLOSE_GRACE_MS = 1000;

/**
 * What a client gets: linearizable reads and small writes, each made once, one at a time, never faster than its pace. A
 * request that hangs ends at its timeout, and the next begins only then. The agents share one pace of writes, so that all
 * of them together make no more revisions than that. Everything is timed by the monotonic clock.
 */
export function canaryCollector(options: CanaryOptions): Collector<'canary'> {
  const { client, read, write, slowAfterMs, timeoutMs, offRetryMs = OFF_RETRY_MS } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const leasedKey = new LeasedKey(client);
  const [reads, writes] = [new Tally('read'), new Tally('write')];
  let running: Promise<unknown> | undefined;

  /** Requests for as long as the agent runs; `make` gives how long it is to the next one, from the start of this one. */
  async function repeat(firstMs: number, make: () => Promise<number>): Promise<void> {
    let pauseMs = firstMs;
    while (!signal.aborted) {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const startedMs = performance.now();
      const paceMs = await make();
      pauseMs = Math.max(0, startedMs + paceMs - performance.now());
    }
  }

  function count(tally: Tally, made: Attempt): Judgement {
    const judgement = judge(made, slowAfterMs / 1000);
    if (!signal.aborted) tally.note(judgement, made.seconds);
    return judgement;
  }

  async function readOnce(): Promise<number> {
    count(reads, await attempt((until) => client.linearizableRead(until), timeoutMs, signal));
    return options.readIntervalMs;
  }

  async function writeOnce(): Promise<number> {
    const place = options.place();
    if (place === undefined) return PLACE_POLL_MS;
    const paceMs = options.writeIntervalMs * place.agents;
    const readied = await attempt((until) => leasedKey.ready(place.key, paceMs, until), timeoutMs, signal);
    // Only the put itself is timed; where not even a lease is to be had, that is the answer to the write.
    const made = readied.value === undefined ? readied : await attempt(readied.value, timeoutMs, signal);
    const { outcome } = count(writes, made);
    return outcome === 'off' ? Math.max(offRetryMs, paceMs) : paceMs;
  }

  /** The first write waits for its turn, at least one interval: agents that start again and again do not write more often. */
  async function writeInTurn(): Promise<void> {
    let place = options.place();
    while (place === undefined && !signal.aborted) {
      await sleep(PLACE_POLL_MS, undefined, { signal }).catch(() => undefined);
      place = options.place();
    }
    await repeat(options.writeIntervalMs * (1 + (place?.index ?? 0)), writeOnce);
  }

  return {
    name: 'canary',
    start: () => {
      running = Promise.all([
        ...(read ? [repeat(options.readIntervalMs, readOnce)] : []),
        ...(write ? [writeInTurn()] : []),
      ]);
    },
    collect: async () => ({
      canaries: [...(read ? [reads.snapshot()] : []), ...(write ? [writes.snapshot()] : [])],
    }),
    close: async () => {
      stopping.abort();
      await running;
      await leasedKey.close(CLOSE_GRACE_MS);
      client.close();
    },
  };
}
