import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

const root = join(import.meta.dirname, '..', '..', '..');
const PATIENCE_MS = 60_000;

/** A command of ours that runs in a pseudo-terminal. Whoever starts it ends it. */
export interface InTerminal extends AsyncDisposable {
  /** All that it has written, escape sequences too. */
  output(): string;
  /** Waits until it has written something since `from` (a length of the output), escape sequences left out. Throws with what it has written. */
  untilWritten(wanted: RegExp, from?: number): Promise<void>;
  /** As if it were typed. */
  type(keys: string): void;
  /** Waits for its end; gives its exit code. */
  ended(): Promise<number | null>;
}

/** Runs `etcd-caretaker` with these arguments in a terminal of this size, as somebody sees it who has typed that. */
export function startInTerminal(
  args: readonly string[],
  { columns = 100, rows = 40, env = {} }: { columns?: number; rows?: number; env?: NodeJS.ProcessEnv } = {},
): InTerminal {
  const command = [process.execPath, 'src/main.ts', ...args].map((word) => `'${word}'`).join(' ');
  const inside = `stty cols ${columns} rows ${rows}; exec ${command}`;
  const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...outside } = process.env;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', inside, '/dev/null'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...outside, TERM: 'xterm-256color', ...env },
  });
  let output = '';
  child.stdout.on('data', (piece: Buffer) => {
    output += piece.toString();
  });
  // Whoever has ended reads no more.
  child.stdin.on('error', () => undefined);
  return {
    output: () => output,
    untilWritten: async (wanted, from = 0) => {
      const untilMs = performance.now() + PATIENCE_MS;
      while (!wanted.test(stripVTControlCharacters(output.slice(from)))) {
        const isLate = performance.now() > untilMs;
        if (isLate || !isRunning(child)) {
          throw new Error(`${isLate ? 'no' : 'ended without'} ${wanted} in: ${stripVTControlCharacters(output)}`);
        }
        await sleep(50);
      }
    },
    type: (keys) => void child.stdin.write(keys),
    ended: async () => {
      if (isRunning(child)) await once(child, 'exit');
      return child.exitCode;
    },
    [Symbol.asyncDispose]: async () => {
      if (!isRunning(child)) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
