import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Pod {
  readonly text: string;
  child: ChildProcess | undefined;
  /** Not before this time is a container started again. */
  nextStartMs: number;
}

/** Between two looks at the folder. */
const syncMs = 50;
/** Of a container that has ended, until it is started again: the kubelet's own begins with 10 s. */
const backOffMs = 200;

/**
 * A stand-in for the kubelet: it follows a folder of manifests as the kubelet does (every file whose name does not begin with a
 * dot), runs the command of each pod's first container as a process of its own, ends it with SIGTERM when the manifest is gone
 * or another one, and starts it again when it has ended. `programs` says what stands behind the names of programs.
 */
export class StandInKubelet implements AsyncDisposable {
  /** Names of all files that it has ever seen in the folder. */
  readonly seen = new Set<string>();
  /** How often it has found a file that it could not read as a pod. */
  unreadable = 0;
  readonly #folder: string;
  readonly #programs: Readonly<Record<string, string>>;
  readonly #logFile: string;
  readonly #pods = new Map<string, Pod>();
  readonly #children = new Set<ChildProcess>();
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string, programs: Readonly<Record<string, string>>, logFile: string) {
    this.#folder = folder;
    this.#programs = programs;
    this.#logFile = logFile;
    this.resume();
  }

  /** It is down: nothing is started and nothing is ended. */
  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  resume(): void {
    this.#timer ??= setInterval(() => this.#sync(), syncMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pause();
    await Promise.all(
      [...this.#children].map((child) => {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        return ended;
      }),
    );
  }

  #sync(): void {
    const files = readdirSync(this.#folder).filter((name) => !name.startsWith('.'));
    for (const name of files) this.seen.add(name);
    for (const [name, pod] of this.#pods) {
      if (files.includes(name) && readFileSync(join(this.#folder, name), 'utf8') === pod.text) continue;
      pod.child?.kill('SIGTERM');
      // A pod is not replaced before it is gone.
      if (pod.child === undefined) this.#pods.delete(name);
    }
    for (const name of files) this.#run(name);
  }

  #run(name: string): void {
    const text = readFileSync(join(this.#folder, name), 'utf8');
    const pod = this.#pods.get(name) ?? { text, child: undefined, nextStartMs: 0 };
    if (pod.text !== text || pod.child !== undefined || performance.now() < pod.nextStartMs) return;
    this.#pods.set(name, pod);
    const [program = '', ...args] = this.#command(text);
    const log = openSync(this.#logFile, 'a');
    const env = { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch };
    const child = spawn(this.#programs[program] ?? program, args, { stdio: ['ignore', log, log], env });
    closeSync(log);
    pod.child = child;
    this.#children.add(child);
    child.once('exit', () => {
      pod.child = undefined;
      pod.nextStartMs = performance.now() + backOffMs;
      this.#children.delete(child);
    });
  }

  #command(text: string): string[] {
    try {
      const { command, args } = parse(text).spec.containers[0];
      return [...command, ...(args ?? [])];
    } catch {
      this.unreadable++;
      return ['false'];
    }
  }
}
