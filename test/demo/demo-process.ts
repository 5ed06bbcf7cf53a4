import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoFile } from '../../src/demo/demo-file.ts';
import { canListen, freePort } from '../real/ports.ts';

const root = join(import.meta.dirname, '..', '..');

/** A demo that a test has started as a user would: as a process of its own. */
export type DemoProcess = {
  readonly child: ChildProcess;
  /** What it has printed so far on stdout and stderr. */
  output(): string;
  /** Returns when the output holds `text`; throws with the output when the process ends before or in 90 s. */
  untilOutput(text: string): Promise<void>;
  /** Waits for its end; gives its exit code, or the signal that ended it. */
  ended(): Promise<number | string | null>;
};

/** Starts `npm run cli -- demo …` without npm, or another command line. */
export const startDemo = (
  args: readonly string[],
  command = [process.execPath, 'src/main.ts', 'demo'],
): DemoProcess => {
  const [file = '', ...first] = command;
  const child = spawn(file, [...first, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: withoutVitest({ ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}` }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece: Buffer) => {
      output += piece.toString();
    });
  }
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    child,
    output: () => output,
    untilOutput: async (text) => {
      await until(
        `"${text}" in the output`,
        () => output.includes(text) || !isRunning(),
        90_000,
        () => output,
      );
      if (!output.includes(text)) {
        throw new Error(`the demo ended without "${text}":\n${output}`);
      }
    },
    ended: async () => {
      if (isRunning()) {
        await once(child, 'exit');
      }
      return child.signalCode ?? child.exitCode;
    },
  };
};

/** Vitest and npm tell their children about themselves; a user's shell does not. */
const withoutVitest = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$)/.test(name)));

/** A base port for a demo of up to three members, on none of whose ports anybody listens. */
export const freeBasePort = async (): Promise<number> => {
  for (;;) {
    const port = await freePort();
    const ports = [0, 10, 20].flatMap((step) => [0, 1, 2].map((service) => port + step + service));
    if ((await Promise.all(ports.map(canListen))).every(Boolean)) {
      return port;
    }
  }
};

/** The ids of all processes that have `text` in their command line. */
export const processesWith = (text: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isAlive(Number(name)) && commandLine(name).includes(text))
    .map(Number);

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
};

/** What `demo.json` in a folder says just now. */
export const readDemoFile = (folder: string): DemoFile =>
  JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')) as DemoFile;

/** Waits until `holds` is true; throws with `detail` when it does not come true in time. */
export const until = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 40_000,
  detail: () => string = () => '',
): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}\n${detail()}`);
    }
    await sleep(50);
  }
};

/** Whether a process exists and is no zombie. */
export const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
};
