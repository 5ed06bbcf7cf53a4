import { setTimeout as sleep } from 'node:timers/promises';
import { type DemoChild, startChild } from './child.ts';

const firstDelayMs = 250;
const longestDelayMs = 10_000;
/** An agent that lived as long as this was well: the next one is started at once again. */
const settledAfterMs = 30_000;
const stopGraceMs = 3_000;

/** What a keeper needs to start its agent, and whom it tells. */
export interface KeeperOptions {
  readonly command: readonly [string, ...string[]];
  readonly logFile: string;
  readonly env: NodeJS.ProcessEnv;
  /** Called whenever the agent has been started or has ended. */
  readonly changed: () => void;
  /** Called when the agent has ended by itself, with how, and when it is started again. */
  readonly ended: (how: string, restartInMs: number) => void;
}

/** Keeps one agent running: starts it again when it ends, later and later while it keeps ending. */
export class AgentKeeper {
  readonly #options: KeeperOptions;
  readonly #stopping = new AbortController();
  #agent: DemoChild | undefined;
  #refused = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** The process id of the agent that runs now. */
  get pid(): number | undefined {
    return this.#agent?.running === true ? this.#agent.pid : undefined;
  }

  /** An agent has ended with exit code 2: it will not run like this, however often it is started. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Starts the first agent. Throws where it cannot be started at all. */
  async start(): Promise<void> {
    const agent = await this.#startOne();
    this.#work = this.#keep(agent);
  }

  /** Ends the agent; none is started after that. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#agent?.stop(stopGraceMs);
    await this.#work;
  }

  async #startOne(): Promise<DemoChild> {
    const { command, logFile, env, changed } = this.#options;
    const agent = await startChild(command, logFile, env);
    this.#agent = agent;
    changed();
    return agent;
  }

  async #keep(first: DemoChild): Promise<void> {
    let agent: DemoChild | undefined = first;
    let delayMs = firstDelayMs;
    for (;;) {
      const startedAt = performance.now();
      const how = agent === undefined ? 'could not be started' : await agent.ended;
      this.#refused ||= how === 'exit code 2';
      this.#options.changed();
      if (performance.now() - startedAt > settledAfterMs) {
        delayMs = firstDelayMs;
      }
      if (this.#stopping.signal.aborted) {
        return;
      }
      this.#options.ended(how, delayMs);
      await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) {
        return;
      }
      delayMs = Math.min(2 * delayMs, longestDelayMs);
      agent = await this.#startOne().catch(() => undefined);
      if (this.#stopping.signal.aborted) {
        await agent?.stop(stopGraceMs);
      }
    }
  }
}
