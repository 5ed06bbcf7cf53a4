import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const running = new Set<ChildProcess>();
const readyWithinMs = 60_000;

/** What `scripts/setup.mjs` has unpacked. */
export function unpacked(...path: readonly string[]): string {
  return join(import.meta.dirname, '..', '..', '.tools', ...path);
}

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A server that `scripts/setup.mjs` has unpacked, at work. Whoever starts it closes it. */
export interface Tool extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** What it has written so far. */
  log(): string;
}

/** Starts one and comes back when its `/-/ready` says so; throws with the end of its log when it does not get there. */
export async function startTool(options: {
  readonly command: readonly [string, ...string[]];
  readonly address: string;
  readonly logFile: string;
}): Promise<Tool> {
  const { command, address, logFile } = options;
  const [program, ...args] = command;
  const file = openSync(logFile, 'w');
  const child = spawn(program, args, { stdio: ['ignore', file, file] });
  closeSync(file);
  running.add(child);
  let fails: Error | undefined;
  child.once('error', (error) => {
    fails = error;
  });
  child.once('exit', () => running.delete(child));
  const log = (): string => readFileSync(logFile, 'utf8');
  const close = async (): Promise<void> => {
    if (fails !== undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  const endMs = performance.now() + readyWithinMs;
  for (;;) {
    const answer = await fetch(`http://${address}/-/ready`).catch(() => undefined);
    if (answer?.ok === true) return { address, log, [Symbol.asyncDispose]: close };
    if (fails !== undefined || child.exitCode !== null || performance.now() > endMs) {
      await close();
      throw new Error(`${command.join(' ')} is not ready: ${fails?.message ?? log().slice(-3000)}`);
    }
    await sleep(50);
  }
}
