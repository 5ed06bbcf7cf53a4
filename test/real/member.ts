import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What it takes to start one etcd member. `metricsUrl` is a plain HTTP listener of its own, also with mTLS. */
export type MemberPlan = {
  readonly name: string;
  readonly endpoint: string;
  readonly peerUrl: string;
  readonly metricsUrl: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly etcd: string;
  readonly args: readonly string[];
};

/** What may be different at one start. */
export type StartOptions = {
  readonly wait?: boolean;
  readonly moreArgs?: readonly string[];
  /** Another version of etcd. */
  readonly etcd?: string;
};

const startTimeoutMs = 60_000;
const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) {
    child.kill('SIGKILL');
  }
});

/** One real etcd process of a test, and what can happen to it. */
export class RealMember {
  readonly name: string;
  /** Client URL, `http://127.0.0.1:P` or `https://…`. */
  readonly endpoint: string;
  readonly peerUrl: string;
  /** The whole URL of etcd's metrics page, always plain HTTP. */
  readonly metricsUrl: string;
  readonly dataDir: string;
  /** What etcd writes to its standard output and error. */
  readonly logFile: string;
  readonly #plan: MemberPlan;
  #child: ChildProcess | undefined;

  constructor(plan: MemberPlan) {
    this.#plan = plan;
    this.name = plan.name;
    this.endpoint = plan.endpoint;
    this.peerUrl = plan.peerUrl;
    this.metricsUrl = plan.metricsUrl;
    this.dataDir = plan.dataDir;
    this.logFile = plan.logFile;
  }

  /** Whether etcd's process exists (also when it is paused). */
  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The process id of etcd; throws when it is not running. */
  get pid(): number {
    if (!this.running || this.#child?.pid === undefined) {
      throw new Error(`${this.name} is not running`);
    }
    return this.#child.pid;
  }

  /**
   * Starts etcd and, unless `wait` is false, returns when it answers a linearizable read; that takes a quorum.
   * Of flags that stand twice etcd takes the last: `moreArgs` win.
   * Throws with the end of etcd's log when it exits or does not get there within 60 s.
   */
  async start(options: StartOptions = {}): Promise<void> {
    if (this.running) {
      return;
    }
    mkdirSync(join(this.dataDir, '..'), { recursive: true });
    const log = openSync(this.logFile, 'a');
    const child = spawn(options.etcd ?? this.#plan.etcd, [...this.#plan.args, ...(options.moreArgs ?? [])], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch },
    });
    closeSync(log);
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.once('error', () => running.delete(child));
    if (options.wait !== false) {
      await this.ready();
    }
  }

  /** Waits until this member answers a linearizable read (an alarm does not matter). Throws as `start` does. */
  async ready(): Promise<void> {
    const url = new URL('/health?exclude=NOSPACE&exclude=CORRUPT', this.metricsUrl);
    const deadline = performance.now() + startTimeoutMs;
    while (performance.now() < deadline && this.running) {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      const body = await answer?.text().catch(() => '');
      if (answer?.ok || body?.includes('ALARM')) {
        return;
      }
      await sleep(50);
    }
    const state = this.running ? `not ready after ${startTimeoutMs / 1000} s` : 'exited';
    throw new Error(`etcd ${this.name} ${state}; the end of its log:\n${this.log().slice(-3_000)}`);
  }

  /** What etcd has written so far. */
  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** SIGTERM; returns when etcd has ended. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** SIGKILL; returns when etcd has ended. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGSTOP: the process stays, its sockets accept, nothing answers. */
  pause(): void {
    const { pid } = this;
    process.kill(pid, 'SIGSTOP');
    // The signal takes effect a little later; a request that is quicker would still be answered.
    while (!isStopped(pid)) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }

  /** SIGCONT: undoes `pause`. */
  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) {
      return;
    }
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await ended;
  }
}

/** Whether every thread of a process is stopped, from the state in /proc/PID/task/TID/stat; true when it is gone. */
function isStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return ['T', 't', 'Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3));
    });
  } catch {
    // A thread ended while it was looked at.
    return !existsSync(`/proc/${pid}`);
  }
}
