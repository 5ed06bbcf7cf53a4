import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeDurably } from '../../backup/store/local/durable-file.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { PromiseView } from '../../cluster/recovery.ts';
import { promiseSchema, toWire } from './wire.ts';

const FILE = 'recovery.json';
const fileSchema = z.object({ format: z.literal(1), promise: promiseSchema.exactOptional() });

/** What an agent has promised, in `supervise.stateDir`: it holds over restarts of the agent and of the machine. */
export class PromiseFile {
  readonly #path: string;
  #current: PromiseView | undefined;

  private constructor(path: string, current: PromiseView | undefined) {
    this.#path = path;
    this.#current = current;
  }

  /** Throws `RECOVERY_PROMISE_UNREADABLE`: whoever goes on as if there were none could seed a second cluster. */
  static async open(stateDir: string): Promise<PromiseFile> {
    const path = join(stateDir, FILE);
    try {
      const { promise } = fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
      return new PromiseFile(path, promise);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new PromiseFile(path, undefined);
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

  /** Back when it is on the disk: only then does it count. Throws `RECOVERY_PROMISE_UNWRITABLE`. */
  async write(promise: PromiseView | undefined): Promise<void> {
    const text = `${toWire({ format: 1, ...(promise === undefined ? {} : { promise }) })}\n`;
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
