import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeDurably } from '../../backup/store/local/durable-file.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { PromiseView } from '../../cluster/recovery.ts';
import { promiseSchema, toWire } from './wire.ts';

const FILE = 'recovery.json';
const fileSchema = z.object({
  format: z.literal(1),
  promise: promiseSchema.exactOptional(),
  givenBack: z.array(z.string().max(100)).max(100).exactOptional(),
});
/** Of so many plans it is known that they were given back; whoever might still go on with one of them has heard of the newest alone. */
const GIVEN_BACK_KEPT = 20;

/** What an agent has promised, in `supervise.stateDir`: it holds over restarts of the agent and of the machine. */
export class PromiseFile {
  readonly #path: string;
  #current: PromiseView | undefined;
  /** Ids of plans, oldest first. */
  #givenBack: readonly string[];

  private constructor(path: string, { promise, givenBack = [] }: Omit<z.output<typeof fileSchema>, 'format'>) {
    this.#path = path;
    this.#current = promise;
    this.#givenBack = givenBack;
  }

  /** Throws `RECOVERY_PROMISE_UNREADABLE`: whoever goes on as if there were none could seed a second cluster. */
  static async open(stateDir: string): Promise<PromiseFile> {
    const path = join(stateDir, FILE);
    try {
      return new PromiseFile(path, fileSchema.parse(JSON.parse(await readFile(path, 'utf8'))));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new PromiseFile(path, {});
      throw new AgentError('RECOVERY_PROMISE_UNREADABLE', `${path} cannot be read: ${faultOf(error).message}`, {
        cause: error,
        remedy: 'It says which recovery this agent takes part in. Where none is under way, move it away.',
      });
    }
  }

  /** Undefined where nothing has been promised, or it was given back. */
  get current(): PromiseView | undefined {
    return this.#current;
  }

  /** Whether a plan was given back here, whether or not it had been promised. */
  isGivenBack(planId: string): boolean {
    return this.#givenBack.includes(planId);
  }

  /**
   * Gives a plan back, for good: a promise of it is gone, and another plan's stays. Where it throws `RECOVERY_PROMISE_UNWRITABLE` the promise stays,
   * and what has not been promised is known as given back until the agent ends.
   */
  async giveBack(planId: string): Promise<void> {
    this.#givenBack = [...this.#givenBack.filter((id) => id !== planId), planId].slice(-GIVEN_BACK_KEPT);
    await this.write(this.#current?.planId === planId ? undefined : this.#current);
  }

  /** Back when it is on the disk: only then does it count. Throws `RECOVERY_PROMISE_UNWRITABLE`. */
  async write(promise: PromiseView | undefined): Promise<void> {
    const givenBack = this.#givenBack.length === 0 ? {} : { givenBack: this.#givenBack };
    const text = `${toWire({ format: 1, ...(promise === undefined ? {} : { promise }), ...givenBack })}\n`;
    try {
      await writeDurably(this.#path, Buffer.from(text), { ifAbsent: false, writing: new Set() }, undefined);
    } catch (error) {
      throw new AgentError(
        'RECOVERY_PROMISE_UNWRITABLE',
        `${this.#path} cannot be written: ${faultOf(error).message}`,
        {
          cause: error,
          remedy: 'Give the agent the right to write into supervise.stateDir, and see whether the disk is full.',
        },
      );
    }
    this.#current = promise;
  }
}
