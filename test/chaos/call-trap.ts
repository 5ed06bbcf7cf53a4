import { writeSync } from 'node:fs';
import { faultOf } from '../../src/cluster/agent-error.ts';
import type { Permit } from '../../src/operate/effects.ts';
import type { ArmMessage, CallName, FaultPoint, RecordedCall } from './fault-point.ts';

/** Long enough for a request to have left the process, short beside what it is made for. */
const DURING_MS = 10;

/** A stop takes effect a moment after it was asked for: nothing may go on in between. */
const STOP_TAKES_MS = 50;

/**
 * Stands around every call of the operations in an agent's process: names it, records it, and at the one that it is armed
 * with kills or stops the process itself, so that nothing comes between the call and its end.
 */
export class CallTrap {
  readonly #file: number;
  #armed: NonNullable<ArmMessage['arm']> | undefined;
  #changes = new Map<string, number>();
  /** The change that was begun last. */
  #phase: CallName = 'begin';
  /** Of the phase: which members each kind of read has asked. */
  #asked = new Map<string, string[]>();

  /** @param file descriptor to which the calls are recorded, each before anything else happens */
  constructor(file: number) {
    this.#file = file;
  }

  /** Begins to count from here on, or no longer does anything. */
  arm(armed: ArmMessage['arm']): void {
    this.#armed = armed ?? undefined;
    this.#changes = new Map();
    this.#enter('begin');
  }

  /** A call that changes something. @param call is given a permit in place of the effect's own */
  async change<T>(kind: string, permit: Permit | undefined, call: (permit: Permit) => Promise<T>): Promise<T> {
    const count = (this.#changes.get(kind) ?? 0) + 1;
    this.#changes.set(kind, count);
    const name = `${kind}#${count}`;
    this.#enter(name);
    return this.#around(name, () => call(this.#watched(name, permit)));
  }

  /** A call that only looks. @param of which member it asks */
  read<T>(kind: string, of: string, call: () => Promise<T>): Promise<T> {
    const asked = this.#asked.get(kind) ?? [];
    this.#asked.set(kind, asked);
    if (asked.includes(of)) return call();
    asked.push(of);
    return this.#around(`${this.#phase}>${kind}#${asked.length}`, call);
  }

  async #around<T>(name: CallName, call: () => Promise<T>): Promise<T> {
    if (this.#armed === undefined) return call();
    this.#record({ atMs: Date.now(), call: name, edge: 'before' });
    this.#strike({ call: name, when: 'before' });
    try {
      const result = await call();
      this.#record({ atMs: Date.now(), call: name, edge: 'after' });
      return result;
    } catch (error) {
      this.#record({ atMs: Date.now(), call: name, edge: 'after', code: faultOf(error).code });
      throw error;
    } finally {
      this.#strike({ call: name, when: 'after' });
      // Where the answer was faster than that, it is not too late.
      this.#strike({ call: name, when: 'during' });
    }
  }

  /** Right after the permit was asked the last time the request goes out. */
  #watched(name: CallName, permit: Permit | undefined): Permit {
    const { signal, check } = permit ?? { signal: new AbortController().signal, check: () => undefined };
    return {
      signal,
      check: () => {
        check();
        if (this.#isArmedWith({ call: name, when: 'during' })) {
          setTimeout(() => this.#strike({ call: name, when: 'during' }), DURING_MS);
        }
      },
    };
  }

  #enter(phase: CallName): void {
    this.#phase = phase;
    this.#asked = new Map();
  }

  #isArmedWith({ call, when }: FaultPoint): boolean {
    const point = this.#armed?.point;
    return point?.call === call && point.when === when;
  }

  #strike(point: FaultPoint): void {
    if (this.#armed === undefined || !this.#isArmedWith(point)) return;
    const { signal } = this.#armed;
    // Once: what is stopped goes on from here.
    this.#armed = { signal };
    process.kill(process.pid, signal);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STOP_TAKES_MS);
  }

  #record(line: RecordedCall): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}
