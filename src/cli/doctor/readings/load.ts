import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../../cluster/agent-error.ts';
import type { Fault } from '../../../cluster/observation.ts';
import type { MemberClient } from '../../../etcd/member-client.ts';
import type { LoadReading } from '../facts.ts';

/** What the load is made of; the defaults are those of `etcdctl check perf --load=s`, for 10 s instead of 60. */
export interface LoadOptions {
  readonly client: MemberClient;
  /** The agents' own prefix: `/etcd-caretaker/`. */
  readonly keyPrefix: string;
  readonly signal: AbortSignal;
  readonly ratePerSecond?: number;
  readonly durationSeconds?: number;
}

/** As many keys as are ever written, each again and again. */
const keyCount = 100;
const valueBytes = 1024;

/** So many writes may wait for their answer; a member that is slower than the rate gets no more than these. */
const mostAtOnce = 50;

/** The keys go away by themselves so long after the doctor was killed. */
const leaseSeconds = 120;

/**
 * Writes at a fixed rate for some seconds and says how long the writes took. All keys are new ones under a random name
 * below `<keyPrefix>doctor/` and hang on a lease, so revoking it removes exactly them, also when the doctor is killed.
 * Rejects never.
 */
export async function shortLoad(options: LoadOptions): Promise<LoadReading> {
  const { client, keyPrefix, signal, ratePerSecond = 150, durationSeconds = 10 } = options;
  const load = new Load(ratePerSecond);
  let lease: string | undefined;
  try {
    const { lease: leases, kv, withSignal } = await client.etcd3();
    lease = (await leases.leaseGrant({ TTL: leaseSeconds }, withSignal(signal))).ID;
    const prefix = `${keyPrefix}doctor/${randomBytes(8).toString('hex')}/`;
    const value = randomBytes(valueBytes);
    const on = lease;
    await load.run(durationSeconds, signal, async (number) => {
      const key = Buffer.from(`${prefix}${number % keyCount}`);
      await kv.put({ key, value, lease: on }, withSignal(signal));
    });
  } catch (error) {
    load.fail(error);
  }
  const notRemoved = lease === undefined ? undefined : await remove(client, lease);
  return { ...load.reading(), ...(notRemoved === undefined ? {} : { notRemoved }) };
}

/** Not under the caller's signal: what was written is removed also when somebody interrupts. */
async function remove(client: MemberClient, lease: string): Promise<Fault | undefined> {
  try {
    const { lease: leases } = await client.etcd3();
    await leases.leaseRevoke({ ID: lease });
    return undefined;
  } catch (error) {
    return faultOf(error);
  }
}

/** Starts writes at a fixed rate, whatever the earlier ones do, and keeps their times. */
class Load {
  readonly #rate: number;
  readonly #seconds: number[] = [];
  #failures = 0;
  #fault: Fault | undefined;
  #tookSeconds = 0;

  constructor(ratePerSecond: number) {
    this.#rate = ratePerSecond;
  }

  async run(durationSeconds: number, signal: AbortSignal, write: (number: number) => Promise<void>): Promise<void> {
    const startedMs = performance.now();
    const underWay = new Set<Promise<void>>();
    const total = Math.round(this.#rate * durationSeconds);
    for (let number = 0; number < total && !signal.aborted; number += 1) {
      const dueMs = startedMs + (1000 * number) / this.#rate;
      // Somebody who interrupts does not wait for the next write.
      await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal }).catch(() => undefined);
      if (performance.now() - startedMs > 2000 * durationSeconds) break;
      const one = this.#timed(() => write(number)).finally(() => underWay.delete(one));
      underWay.add(one);
      if (underWay.size >= mostAtOnce) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    this.#tookSeconds = (performance.now() - startedMs) / 1000;
  }

  fail(error: unknown): void {
    this.#failures += 1;
    this.#fault ??= faultOf(error);
  }

  reading(): Omit<LoadReading, 'notRemoved'> {
    const failures = { failures: this.#failures, ...(this.#fault === undefined ? {} : { fault: this.#fault }) };
    return {
      seconds: this.#seconds.toSorted((a, b) => a - b),
      tookSeconds: this.#tookSeconds,
      wantedRatePerSecond: this.#rate,
      ...failures,
    };
  }

  async #timed(write: () => Promise<void>): Promise<void> {
    const startedMs = performance.now();
    try {
      await write();
      this.#seconds.push((performance.now() - startedMs) / 1000);
    } catch (error) {
      this.fail(error);
    }
  }
}
