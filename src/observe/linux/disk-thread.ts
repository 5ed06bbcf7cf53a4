import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { abortable, pendingCalls } from './pending-calls.ts';

/** Operations of a thread by name: plain functions that may block. Arguments and results are structured-cloned. */
export type Operations = { readonly [name: string]: (argument: never) => unknown };

/** A question to the thread. */
export interface ThreadRequest {
  readonly id: number;
  readonly op: string;
  readonly argument: unknown;
}

/** Its answer: `error` keeps what a system error says, without its stack. */
export type ThreadReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly message: string; readonly code?: string } };

/** One thread for calls that block, such as fdatasync: they hang the thread, never the agent. */
export interface DiskThread<O extends Operations> {
  /**
   * Runs one operation there, after those asked for before. While the same operation with the same argument is under
   * way, the caller waits for that one instead of starting a second. Rejects with the signal's reason when it aborts
   * (the operation goes on), or with an Error that has the operation's message and `code`.
   */
  readonly call: <K extends keyof O & string>(
    op: K,
    argument: Parameters<O[K]>[0],
    signal: AbortSignal,
  ) => Promise<ReturnType<O[K]>>;
  /** Seconds for which the oldest call has waited, 0 when nothing is under way. */
  readonly waitingSeconds: () => number;
  /**
   * Ends the thread. False when it did not end within `graceMs`: a call hangs in the kernel. Such a thread also holds
   * up `process.exit`, so the owner of the process must then end it with SIGKILL.
   */
  readonly close: (graceMs?: number) => Promise<boolean>;
}

/**
 * A thread that runs the module `entry`, which calls `serveOperations`. It starts with the first call: it costs about
 * 10 MB of memory (measured, Node 24), of which the limits below keep only garbage from adding to it.
 */
export function createDiskThread<O extends Operations>(entry: URL): DiskThread<O> {
  const calls = pendingCalls();
  const waiting = new Map<number, (reply: ThreadReply) => void>();
  let worker: Worker | undefined;
  let closed = false;
  let lastId = 0;

  function fail(failed: Worker, message: string): void {
    if (worker !== failed) return;
    worker = undefined;
    for (const [id, answer] of waiting) answer({ id, error: { message, code: 'DISK_THREAD_ENDED' } });
    waiting.clear();
  }

  function running(): Worker {
    if (worker !== undefined) return worker;
    const started = new Worker(entry, { name: 'disk', resourceLimits: { maxYoungGenerationSizeMb: 1 } });
    // A hung disk must not keep the process alive.
    started.unref();
    started.on('message', (reply: ThreadReply) => {
      waiting.get(reply.id)?.(reply);
      waiting.delete(reply.id);
    });
    started.on('error', (error) => fail(started, `the thread for disk calls failed: ${String(error)}`));
    started.on('exit', () => fail(started, 'the thread for disk calls has ended'));
    worker = started;
    return started;
  }

  async function ask(op: string, argument: unknown): Promise<unknown> {
    if (closed) throw systemError('the thread for disk calls is closed', 'DISK_THREAD_ENDED');
    lastId += 1;
    const id = lastId;
    const answered = new Promise<ThreadReply>((resolve) => waiting.set(id, resolve));
    running().postMessage({ id, op, argument } satisfies ThreadRequest);
    const reply = await answered;
    if ('error' in reply) throw systemError(reply.error.message, reply.error.code);
    return reply.value;
  }

  return {
    call: async (op, argument, signal) =>
      (await calls.run(`${op} ${JSON.stringify(argument)}`, () => ask(op, argument), signal)) as never,
    waitingSeconds: calls.oldestSeconds,
    close: async (graceMs = 1000) => {
      closed = true;
      if (worker === undefined) return true;
      const ended = once(worker, 'exit');
      void worker.terminate();
      return await abortable(ended, AbortSignal.timeout(graceMs)).then(
        () => true,
        () => false,
      );
    },
  };
}

/**
 * The URL of a module beside the one that asks: `.ts` where Node runs the sources, `.js` in the compiled package.
 * `siblingModule(import.meta.url, 'fsync-probe-thread')`.
 */
export function siblingModule(from: string, name: string): URL {
  return new URL(`./${name}${from.endsWith('.ts') ? '.ts' : '.js'}`, from);
}

function systemError(message: string, code: string | undefined): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
