import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

export interface GuardedProcessOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** What it writes to its standard output and error is appended here. */
  readonly logFile: string;
  readonly env: NodeJS.ProcessEnv;
  /** 0 to 19. */
  readonly niceness: number;
}

const SHELL = '/bin/sh';

/**
 * A guard beside the process, in its group: it reads from a pipe that nobody writes to, so it comes to the end when whoever
 * started it has died, and kills the process. `$$` is the process itself, in whose place the shell goes.
 */
const GUARDED = 'exec 3<&0; { read -r _ <&3; kill -9 $$; } & exec "$@" 3<&- </dev/null';

/** A process in a session of its own (Ctrl-C does not reach it) that dies with us, also where we are killed. */
export class GuardedProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #logFile: string;

  private constructor(child: ChildProcess, logFile: string) {
    this.#child = child;
    this.#logFile = logFile;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => {
        this.#endGuard();
        resolve();
      });
    });
  }

  /** Throws the system's error where it cannot be started. */
  static async start(options: GuardedProcessOptions): Promise<GuardedProcess> {
    const { file, args, cwd, logFile, env, niceness } = options;
    const [command, ...rest] = existsSync(SHELL) ? [SHELL, '-c', GUARDED, 'guarded', file, ...args] : [file, ...args];
    const log = openSync(logFile, 'a', 0o600);
    let child: ChildProcess;
    try {
      child = spawn(command, rest, { stdio: ['pipe', log, log], cwd, env, detached: true });
    } finally {
      closeSync(log);
    }
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.stdin?.on('error', () => undefined);
    const guarded = new GuardedProcess(child, logFile);
    if (niceness > 0 && child.pid !== undefined) setPriority(child.pid, niceness);
    return guarded;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The end of its log. */
  async lastWords(bytes: number): Promise<string> {
    const text = await readFile(this.#logFile, 'utf8').catch(() => '');
    return text.slice(-bytes).trim();
  }

  /** Asks it to end; kills it where it has not within `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    if (this.running) this.#child.kill('SIGTERM');
    const enough = new AbortController();
    await Promise.race([this.#ended, sleep(graceMs, undefined, { signal: enough.signal }).catch(() => undefined)]);
    enough.abort();
    await this.kill();
  }

  async kill(): Promise<void> {
    if (this.running) this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** The group is still ours while the guard is in it, so its number cannot be that of somebody else. */
  #endGuard(): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    this.#child.stdin?.destroy();
  }
}
