import { formatSpan } from './units.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const TURN_EVERY_MS = 100;
/** Who has the answer sooner needs no word of it. */
const BEGIN_AFTER_MS = 500;
const SECONDS_AFTER_MS = 2000;
const CLEAR_LINE = '\r\x1b[2K';

type Out = Pick<NodeJS.WriteStream, 'isTTY' | 'write' | 'columns'>;

/** One line on a terminal that says what is waited for, and for how long; nothing anywhere else. Dispose of it to take the line away. */
export class Spinner implements Disposable {
  readonly #out: Out;
  readonly #now: () => number;
  readonly #begunMs: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #what: string;
  #turns = 0;
  #isDrawn = false;

  constructor(what: string, out: Out = process.stderr, now = () => performance.now()) {
    this.#what = what;
    this.#out = out;
    this.#now = now;
    this.#begunMs = now();
    if (out.isTTY === true) this.#timer = setInterval(() => this.turn(), TURN_EVERY_MS).unref();
  }

  /** From now on it waits for something else. */
  set what(what: string) {
    this.#what = what;
  }

  /** Draws the next of its pictures. */
  turn(): void {
    const forMs = this.#now() - this.#begunMs;
    if (this.#out.isTTY !== true || forMs < BEGIN_AFTER_MS) return;
    const time = forMs < SECONDS_AFTER_MS ? '' : ` ${formatSpan(Math.floor(forMs / 1000))}`;
    const line = `${FRAMES[this.#turns % FRAMES.length]} ${this.#what}${time}`;
    this.#out.write(`${CLEAR_LINE}${line.slice(0, Math.max(20, (this.#out.columns ?? 80) - 1))}`);
    this.#turns += 1;
    this.#isDrawn = true;
  }

  /** Writes a line that stays, above the spinner's. */
  say(line: string): void {
    this.#clear();
    this.#out.write(`${line}\n`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #clear(): void {
    if (this.#isDrawn) this.#out.write(CLEAR_LINE);
    this.#isDrawn = false;
  }
}

/** Runs `work`, and says on a terminal that it is waited for. */
export async function spinning<T>(what: string, work: (spinner: Spinner) => Promise<T>): Promise<T> {
  using spinner = new Spinner(what);
  return await work(spinner);
}
