import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';

const main = new URL('../../../src/main.ts', import.meta.url).pathname;

/** The real program in a pseudo-terminal of its own, made by util-linux's `script`. */
export interface Terminal extends AsyncDisposable {
  /** Of the program. */
  readonly pid: number;
  /** Everything that came to the terminal, as it came. */
  readonly output: string;
  /** Waits until the text has come, escape codes left out, after what was seen before. */
  sees(text: string | RegExp): Promise<void>;
  type(keys: string): void;
  resize(columns: number, rows: number): Promise<void>;
  /** Takes the terminal away, as closing its window does. */
  close(): void;
  /** The exit code of the program. */
  readonly exited: Promise<number | null>;
}

/** Starts it on 80 columns and 24 rows. */
export async function inTerminal(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Terminal> {
  const command = `stty cols 80 rows 24; echo "pid=$$ tty=$(tty)"; exec "${process.execPath}" "${main}" ${args.join(' ')}`;
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(ETCD_CARETAKER_|NO_COLOR$|FORCE_COLOR$|COLUMNS$|LINES$|CI$)/.test(name),
    ),
  );
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...inherited, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', SHELL: '/bin/sh', ...env },
  });
  let output = '';
  let seenUpTo = 0;
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output += piece;
  });
  child.stdin.on('error', () => {});
  const exited = new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject));
  const waitFor = { timeout: 30_000, interval: 20 };
  await expect.poll(() => output, waitFor).toMatch(/pid=\d+ tty=\S+\r?\n/);
  const [, pid = '', tty = ''] = /pid=(\d+) tty=(\S+)/.exec(output) ?? [];
  return {
    pid: Number(pid),
    get output() {
      return output;
    },
    async sees(text) {
      const rest = (): string => stripVTControlCharacters(output.slice(seenUpTo));
      await expect.poll(rest, waitFor).toMatch(text);
      seenUpTo = output.length;
    },
    type: (keys) => child.stdin.write(keys),
    async resize(columns, rows) {
      const stty = spawn('stty', ['-F', tty, 'cols', String(columns), 'rows', String(rows)], { stdio: 'inherit' });
      expect(await new Promise((resolve) => stty.once('close', resolve))).toBe(0);
    },
    close: () => child.kill('SIGKILL'),
    exited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
