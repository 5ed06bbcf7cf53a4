import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdError } from '../../../src/etcd/errors.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { seeded } from '../../backup/restore/random-life.ts';
import type { Answer, Call, KeyHistory, Operation } from './history.ts';

const PREFIX = 'chaos/register/';
const TIMEOUT_MS = 2500;
/** Keys in use at a time: few, so that calls on them meet. */
const KEYS = 4;
/** A key that has had so many calls gives way to a new one, since what is judged in one piece must be short, */
const CALLS_A_KEY = 80;
/** and one with so many answers lost, since each of them doubles what may have been. */
const LOST_A_KEY = 8;
const REST_MS = 500;

/** Errors after which it is certain that nothing was done. NOSPACE is none: the write that finds the quota full goes in. */
const NOT_DONE: ReadonlySet<string> = new Set(['ETCD_BAD_ENDPOINT', 'ETCD_LEARNER']);

export interface RegisterLoadOptions {
  readonly endpoints: readonly string[];
  readonly seed: number;
  /** Between two calls of one client, on average. */
  readonly pauseMs?: number;
}

/** How the load has fared. */
export interface LoadTally {
  readonly acknowledged: number;
  readonly lost: number;
  readonly refused: number;
  /** Between two acknowledged writes of anybody. */
  readonly longestGapMs: number;
}

interface Register {
  readonly key: string;
  readonly operations: Operation[];
  begun: number;
  lost: number;
}

/**
 * Clients that read, write and compare-and-swap a few registers, one through each member and two that go to another member
 * when one fails, all of which is recorded. Whoever starts it ends it.
 */
export class RegisterLoad {
  readonly #options: RegisterLoadOptions;
  readonly #stop = new AbortController();
  readonly #retired: Register[] = [];
  readonly #running: Promise<unknown>;
  readonly #clients: MemberClient[] = [];
  #registers: Register[];
  #keys = 0;
  #values = 0;
  #acknowledged = 0;
  #lost = 0;
  #refused = 0;
  #lastWriteMs = performance.now();
  #longestGapMs = 0;

  private constructor(options: RegisterLoadOptions) {
    this.#options = options;
    this.#registers = Array.from({ length: KEYS }, () => this.#register());
    const { endpoints } = options;
    const steady = endpoints.map((endpoint, index) => this.#client(`m${index + 1}`, [endpoint], index));
    const roaming = [0, 1].map((index) => this.#client(`roaming${index + 1}`, endpoints, endpoints.length + index));
    this.#running = Promise.all([...steady, ...roaming]);
  }

  static start(options: RegisterLoadOptions): RegisterLoad {
    return new RegisterLoad(options);
  }

  tally(): LoadTally {
    const gapMs = performance.now() - this.#lastWriteMs;
    return {
      acknowledged: this.#acknowledged,
      lost: this.#lost,
      refused: this.#refused,
      longestGapMs: Math.max(this.#longestGapMs, gapMs),
    };
  }

  /** From now on the longest time without a write is measured anew. */
  measureGaps(): void {
    this.#longestGapMs = 0;
  }

  /** From now on other keys are used: those until now are not touched again. */
  turnToNewKeys(): void {
    this.#retired.push(...this.#registers);
    this.#registers = this.#registers.map(() => this.#register());
  }

  /** Ends it, and gives all that was recorded, with what the keys hold now, read through a member that is well. */
  async end(reader: MemberClient): Promise<readonly KeyHistory[]> {
    await this.stop();
    const histories: KeyHistory[] = [];
    for (const { key, operations } of [...this.#retired, ...this.#registers]) {
      const { kvs } = await reader.range({ key: Buffer.from(key) });
      histories.push({ key, operations, last: { value: kvs[0]?.value.toString('utf8') } });
    }
    return histories;
  }

  /** Ends it where nobody wants to know any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    for (const client of this.#clients) client.close();
  }

  #register(): Register {
    this.#keys += 1;
    return { key: `${PREFIX}${this.#keys}`, operations: [], begun: 0, lost: 0 };
  }

  /** One that is in use; those that have had enough give way. */
  #next(pick: number): Register {
    this.#registers = this.#registers.map((register) => {
      if (register.begun < CALLS_A_KEY && register.lost < LOST_A_KEY) return register;
      this.#retired.push(register);
      return this.#register();
    });
    const register = this.#registers[pick % this.#registers.length] ?? this.#register();
    register.begun += 1;
    return register;
  }

  async #client(name: string, endpoints: readonly string[], number: number): Promise<void> {
    const random = seeded(this.#options.seed * 31 + number);
    const { signal } = this.#stop;
    const ways = endpoints.map(
      (endpoint) => new MemberClient({ member: name, endpoint, callTimeoutMs: TIMEOUT_MS, readRetries: 0 }),
    );
    this.#clients.push(...ways);
    const seen = new Map<string, string | undefined>();
    const pauseMs = this.#options.pauseMs ?? 100;
    for (let at = number; !signal.aborted; ) {
      const way = ways[at % ways.length];
      if (way === undefined) return;
      const isWell = await this.#call(name, way, seen, random);
      if (!isWell) at += 1;
      const restMs = isWell ? random(2 * pauseMs) : REST_MS;
      await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #call(
    client: string,
    way: MemberClient,
    seen: Map<string, string | undefined>,
    random: (below: number) => number,
  ): Promise<boolean> {
    const register = this.#next(random(1000));
    const call = this.#draw(random(100), seen.get(register.key));
    const invokedMs = performance.now();
    try {
      const answer = await ask(way, Buffer.from(register.key), call);
      const endedMs = performance.now();
      register.operations.push({ client, call, answer, invokedMs, endedMs });
      if (answer.kind === 'value') seen.set(register.key, answer.value);
      else if (call.kind !== 'read') this.#wrote(endedMs);
      if (answer.kind === 'written' && call.kind === 'write') seen.set(register.key, call.value);
      return true;
    } catch (error) {
      this.#failed(register, { client, call, invokedMs }, error);
      return false;
    }
  }

  #draw(percent: number, expected: string | undefined): Call {
    if (percent < 40) return { kind: 'read' };
    this.#values += 1;
    const value = String(this.#values);
    return percent < 75 ? { kind: 'write', value } : { kind: 'swap', expected, value };
  }

  #wrote(atMs: number): void {
    this.#acknowledged += 1;
    this.#longestGapMs = Math.max(this.#longestGapMs, atMs - this.#lastWriteMs);
    this.#lastWriteMs = atMs;
  }

  #failed(register: Register, begun: Pick<Operation, 'client' | 'call' | 'invokedMs'>, error: unknown): void {
    const isCertain = error instanceof EtcdError && NOT_DONE.has(error.code);
    if (isCertain) this.#refused += 1;
    // A read that was not answered says nothing.
    if (isCertain || begun.call.kind === 'read') return;
    this.#lost += 1;
    register.lost += 1;
    register.operations.push({ ...begun, answer: { kind: 'unknown' }, endedMs: Number.POSITIVE_INFINITY });
  }
}

async function ask(way: MemberClient, key: Buffer, call: Call): Promise<Answer> {
  switch (call.kind) {
    case 'read': {
      const { kvs } = await way.range({ key });
      return { kind: 'value', value: kvs[0]?.value.toString('utf8') };
    }
    case 'write':
      await way.put(key, Buffer.from(call.value));
      return { kind: 'written' };
    case 'swap': {
      const { expected, value } = call;
      const condition = expected === undefined ? { key, createRevision: 0n } : { key, value: Buffer.from(expected) };
      const { succeeded } = await way.txn({ compare: [condition], changes: [{ put: key, value: Buffer.from(value) }] });
      return { kind: 'swapped', done: succeeded };
    }
  }
}
