import { fitted } from './fitted.ts';
import { lookOf } from './look.ts';
import { type Shown, textOf } from './show.ts';
import { formatSpan } from './units.ts';

const HOME = '\x1b[H';
const CLEAR_TO_LINE_END = '\x1b[K';
const CLEAR_TO_END = '\x1b[J';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** Less is no news. */
const SILENT_AFTER_MS = 1500;

/**
 * A terminal on which the newest of what is shown takes the place of the one before, each line over the old one, so that nothing flickers.
 * What stood there is scrolled away first and can be read above. Dispose of it to have the cursor back.
 */
export class WatchScreen implements Disposable {
  readonly #out: NodeJS.WriteStream;
  readonly #seconds: number;
  readonly #redraw = (): void => this.#write();
  #shown: Shown | undefined;
  #drawnAtMs = Date.now();
  #failure: string | undefined;
  #notes: readonly string[] = [];

  constructor(out: NodeJS.WriteStream, seconds: number) {
    this.#out = out;
    this.#seconds = seconds;
    out.write(`${'\n'.repeat(Math.max(0, out.rows - 1))}${HIDE_CURSOR}`);
    out.on('resize', this.#redraw);
    this.#write();
  }

  /** What is there now. */
  draw(shown: Shown, notes: readonly string[]): void {
    this.#shown = shown;
    this.#notes = notes;
    this.#drawnAtMs = Date.now();
    this.#failure = undefined;
    this.#write();
  }

  /** Nothing came this time; what was there before stays. */
  failed(message: string): void {
    this.#failure = message;
    this.#write();
  }

  /** Nothing has come yet. */
  waits(): void {
    this.#write();
  }

  [Symbol.dispose](): void {
    this.#out.off('resize', this.#redraw);
    this.#out.write(`${SHOW_CURSOR}\n`);
  }

  #write(): void {
    const look = lookOf(this.#out);
    const { paint } = look;
    const silentMs = Date.now() - this.#drawnAtMs;
    const silent = silentMs > this.#seconds * 1000 + SILENT_AFTER_MS || this.#failure !== undefined;
    const time = `${new Date(this.#drawnAtMs).toISOString().slice(11, 19)} UTC`;
    const head = silent
      ? paint(
          'yellow',
          `${this.#shown === undefined ? 'No answer yet' : `As of ${time}: no answer`} for ${formatSpan(silentMs / 1000)}. ${this.#failure ?? ''}`.trimEnd(),
        )
      : paint('dim', `${time}, every ${this.#seconds} s; Ctrl-C ends it`);
    const body = this.#shown === undefined ? '' : textOf(this.#shown, look);
    const top = [head, ...this.#notes.map((note) => paint('yellow', `note: ${note}`))];
    const lines = `${fitted(top.join('\n'), look.columns)}\n\n${body}`.trimEnd().split('\n');
    const room = this.#out.rows > 1 ? this.#out.rows - 1 : lines.length;
    const more = lines.length - room;
    const fitting = more <= 0 ? lines : [...lines.slice(0, room - 1), paint('dim', `… ${more + 1} lines more`)];
    this.#out.write(`${HOME}${fitting.map((line) => `${line}${CLEAR_TO_LINE_END}`).join('\n')}${CLEAR_TO_END}`);
  }
}
