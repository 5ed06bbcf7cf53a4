import { setTimeout as sleep } from 'node:timers/promises';
import { BareEtcdClient, putMessage, readMessage } from './bare-etcd-client.ts';
import type { MemberLoad, MemberLoadPlan, RequestRecords } from './open-load.ts';

/** How often it looks which requests are due: what a request is at most sent too late while the machine is not busy. */
const tickMs = 2;

/** Requests of one kind, sent at their times whether or not earlier ones have been answered. */
class Stream {
  readonly #perSecond: number;
  readonly #attempt: (index: number) => Promise<unknown>;
  readonly #retryPauseMs: number;
  readonly #faults: Map<string, number>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #intendedMs: number[] = [];
  readonly #lateMs: number[] = [];
  readonly #endedMs: number[] = [];
  readonly #failures: number[] = [];

  constructor(
    perSecond: number,
    retryPauseMs: number,
    faults: Map<string, number>,
    attempt: (index: number) => Promise<unknown>,
  ) {
    this.#perSecond = perSecond;
    this.#retryPauseMs = retryPauseMs;
    this.#faults = faults;
    this.#attempt = attempt;
  }

  /** Sends all that is due so long after the beginning. */
  send(begunMs: number, nowMs: number): void {
    const due = Math.floor(((nowMs - begunMs) / 1000) * this.#perSecond);
    while (this.#intendedMs.length < due) {
      const index = this.#intendedMs.length;
      const intendedMs = begunMs + ((index + 1) * 1000) / this.#perSecond;
      this.#intendedMs.push(performance.timeOrigin + intendedMs);
      this.#lateMs.push(performance.now() - intendedMs);
      const request = this.#request(index).finally(() => this.#underWay.delete(request));
      this.#underWay.add(request);
    }
  }

  /** What came of all requests, when the last one has been answered. */
  async records(): Promise<RequestRecords> {
    await Promise.all(this.#underWay);
    return {
      intendedMs: Float64Array.from(this.#intendedMs),
      lateMs: Float64Array.from(this.#lateMs),
      endedMs: Float64Array.from(this.#endedMs),
      failures: Uint8Array.from(this.#failures),
    };
  }

  async #request(index: number): Promise<void> {
    let failures = 0;
    if (!(await this.#succeeds(index))) {
      await sleep(this.#retryPauseMs);
      failures = (await this.#succeeds(index)) ? 1 : 2;
    }
    this.#endedMs[index] = performance.timeOrigin + performance.now();
    this.#failures[index] = failures;
  }

  async #succeeds(index: number): Promise<boolean> {
    try {
      await this.#attempt(index);
      return true;
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
      return false;
    }
  }
}

/** Loads one member until it is told to stop; then tells what came of every request. */
async function main(plan: MemberLoadPlan): Promise<void> {
  const stop = new AbortController();
  process.on('message', () => stop.abort());
  // Whoever would want the figures is gone.
  process.on('disconnect', () => process.exit(1));
  const client = new BareEtcdClient(plan.endpoint, plan.attemptTimeoutMs);
  const keys = Array.from({ length: plan.keys }, (_, i) => Buffer.from(`/load/${plan.member}/${i}`));
  const puts = keys.map((key) => putMessage(key, Buffer.alloc(plan.valueBytes, 'v')));
  const gets = keys.map(readMessage);
  const nth = (messages: readonly Buffer[], index: number): Buffer =>
    messages[index % messages.length] ?? Buffer.alloc(0);
  await Promise.all(puts.map((message) => client.put(message)));
  const faults = new Map<string, number>();
  const writes = new Stream(plan.writesPerSecond, plan.retryPauseMs, faults, (index) => client.put(nth(puts, index)));
  const reads = new Stream(plan.readsPerSecond, plan.retryPauseMs, faults, (index) => client.read(nth(gets, index)));
  const begunMs = performance.now();
  process.send?.('begun');
  while (!stop.signal.aborted) {
    const nowMs = performance.now();
    writes.send(begunMs, nowMs);
    reads.send(begunMs, nowMs);
    await sleep(tickMs);
  }
  const load: MemberLoad = {
    member: plan.member,
    writes: await writes.records(),
    reads: await reads.records(),
    faults,
  };
  client.close();
  process.send?.(load, () => process.disconnect());
}

await main(JSON.parse(process.argv[2] ?? '{}') as MemberLoadPlan);
