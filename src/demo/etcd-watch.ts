import { setTimeout as sleep } from 'node:timers/promises';
import { readPidFile } from '../supervise/child/pid-file.ts';
import { isAlive } from '../supervise/linux/process-table.ts';
import type { DemoLayout } from './layout.ts';

const pollMs = 100;

/** Whom the watch tells. */
export interface EtcdWatchOptions {
  /** Called whenever an etcd has been started or has ended. */
  readonly changed: () => void;
  /** Gets a line for each end, and for each start after one. */
  readonly say: (line: string) => void;
}

/** Follows the etcds of a demo, which the agents start: what they are doing stands in the agents' pid files. */
export class EtcdWatch implements AsyncDisposable {
  readonly #layout: DemoLayout;
  readonly #options: EtcdWatchOptions;
  readonly #stopping = new AbortController();
  readonly #pids = new Map<string, number>();
  readonly #ended = new Set<string>();
  #work: Promise<void> | undefined;

  constructor(layout: DemoLayout, options: EtcdWatchOptions) {
    this.#layout = layout;
    this.#options = options;
  }

  /** Begins to look; never rejects. */
  start(): void {
    this.#work ??= this.#watch();
  }

  /** The process id of a member's etcd that runs now. */
  pidOf(member: string): number | undefined {
    return this.#pids.get(member);
  }

  /** Looks, without a word to anybody, until none runs any more; at most so long. For the end of the demo. */
  async untilNone(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      await this.#look();
      // A process that is ending has lost its mark a moment before it is gone.
      if (this.#pids.size === 0 || performance.now() > deadline) return;
      await sleep(20);
    }
  }

  async #look(): Promise<void> {
    for (const { name, stateDir } of this.#layout.members) {
      const pid = await runningPid(stateDir);
      if (pid === undefined) this.#pids.delete(name);
      else this.#pids.set(name, pid);
    }
  }

  /** Ends looking. The etcds go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const before = new Map(this.#pids);
      await this.#look();
      if (signal.aborted) return;
      this.#tell(before);
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #tell(before: ReadonlyMap<string, number>): void {
    const { say, changed } = this.#options;
    let isChanged = false;
    for (const { name, etcdLog } of this.#layout.members) {
      const [was, is] = [before.get(name), this.#pids.get(name)];
      if (was === is) continue;
      isChanged = true;
      if (was !== undefined) {
        say(`${name}: etcd has ended (process ${was}); see ${etcdLog}`);
        this.#ended.add(name);
      }
      if (is !== undefined && this.#ended.delete(name))
        say(`${name}: its agent has started etcd again (process ${is})`);
    }
    if (isChanged) changed();
  }
}

async function runningPid(stateDir: string): Promise<number | undefined> {
  const record = await readPidFile(stateDir);
  return record !== undefined && (await isAlive(record)) ? record.pid : undefined;
}
