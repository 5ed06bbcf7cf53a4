import type { ReadStream, WriteStream } from 'node:tty';
import type { Size } from './view.ts';

/** Alternate screen, no cursor, and no wrapping: a character that is wider than thought must not push the next line. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?1049l\x1b[?25h';

/** Terminals that do not say how large they are get this. */
const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

/** What the screen is told by. */
export interface ScreenEvents {
  /** What was typed. */
  readonly onKeys: (text: string) => void;
  readonly onResize: () => void;
  /** The terminal is gone. */
  readonly onGone: () => void;
}

/**
 * Owns the terminal from when it is made until it is disposed of, and then gives it back as it was: also when the process ends in any other
 * way that it can notice. Where the input is no terminal, no keys come.
 */
export class Screen implements Disposable {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #released: (() => void)[] = [];
  #shown: readonly string[] = [];

  constructor(input: ReadStream, output: WriteStream, { onKeys, onResize, onGone }: ScreenEvents) {
    this.#input = input;
    this.#output = output;
    const restore = (): void => this[Symbol.dispose]();
    process.on('exit', restore).on('uncaughtExceptionMonitor', restore);
    this.#released.push(() => process.off('exit', restore).off('uncaughtExceptionMonitor', restore));
    const resized = (): void => {
      this.#shown = [];
      output.write('\x1b[2J');
      onResize();
    };
    output.on('resize', resized).on('error', onGone);
    this.#released.push(() => output.off('resize', resized).off('error', onGone));
    output.write(ENTER);
    if (input.isTTY) this.#read(onKeys, onGone);
  }

  get size(): Size {
    const { columns, rows } = this.#output;
    return { columns: columns || DEFAULT_SIZE.columns, rows: rows || DEFAULT_SIZE.rows };
  }

  /** Shows these lines and no others; only those that have changed are sent. */
  draw(lines: readonly string[]): void {
    const count = Math.max(lines.length, this.#shown.length);
    const changed = Array.from({ length: count }, (_, row) =>
      lines[row] === this.#shown[row] ? '' : `\x1b[${row + 1};1H${lines[row] ?? ''}\x1b[K`,
    ).join('');
    this.#shown = lines;
    if (changed !== '') this.#output.write(changed);
  }

  [Symbol.dispose](): void {
    const released = this.#released.splice(0);
    if (released.length === 0) return;
    if (!this.#output.destroyed) this.#output.write(LEAVE);
    for (const release of released.reverse()) release();
  }

  #read(onKeys: (text: string) => void, onGone: () => void): void {
    const input = this.#input;
    const typed = (chunk: Buffer | string): void => onKeys(chunk.toString());
    input.setRawMode(true);
    input.on('data', typed).on('end', onGone).on('error', onGone);
    this.#released.push(() => {
      input.off('data', typed).off('end', onGone).pause();
      // A terminal that is gone has no mode any more, and may say so only later.
      input.off('error', onGone).on('error', () => {});
      try {
        input.setRawMode(false);
      } catch {}
    });
  }
}
