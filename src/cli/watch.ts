import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { faultOf } from '../cluster/agent-error.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { formatInstant } from './instant.ts';
import { plainLook } from './look.ts';
import { type Note, noteOnStderr } from './note.ts';
import { printed } from './printed.ts';
import { type Format, type Shown, show } from './show.ts';
import { spinning } from './spinner.ts';
import { WatchScreen } from './watch-screen.ts';

const DEFAULT_SECONDS = 2;
const LONGEST_SECONDS = 86_400;
/** While nothing comes, the screen says every so often for how long. */
const WAITING_EVERY_MS = 1000;

/** What `watchOption` adds to a command's options. */
export interface WatchOptions {
  /** Seconds between two looks. */
  readonly watch?: number;
}

/** Adds `--watch [seconds]`. */
export function watchOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--watch [seconds]',
      'again and again until Ctrl-C; on a terminal in place, with -o json a document a line',
    )
      .argParser(parseSeconds)
      .preset(String(DEFAULT_SECONDS)),
  );
}

/** Where it goes to, and what ends it. */
interface Watched {
  readonly format: Format;
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
}

/**
 * Shows what `look` finds: once, or with `--watch` until Ctrl-C, which ends it with 130. What it fails with at first ends the watch too, unless
 * it could not reach what it needs; later it is only said, and looked again. `look` has a limit of time of its own, and gives notes.
 */
export async function showOrWatch(
  look: (note: Note) => Promise<Shown>,
  { output, watch: seconds }: WatchOptions & { readonly output: Format },
): Promise<void> {
  if (seconds === undefined) {
    await show(await spinning('waiting for an answer', () => look(noteOnStderr)), output);
    return;
  }
  const end = new AbortController();
  const interrupt = (): void => end.abort();
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    await watch(look, { format: output, seconds, signal: end.signal, out: process.stdout, err: process.stderr });
    process.exitCode = exitCodes.interrupted;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Resolves when the signal is aborted. */
export async function watch(look: (note: Note) => Promise<Shown>, watched: Watched): Promise<void> {
  const { format, seconds, signal, out, err } = watched;
  const ended = new Promise<'ended'>((resolve) => {
    signal.addEventListener('abort', () => resolve('ended'), { once: true });
  });
  using screen = format === 'table' && out.isTTY ? new WatchScreen(out, seconds) : undefined;
  const say = new OncePerChange((text) => err.write(`note: ${text}\n`));
  let answered = false;
  while (!signal.aborted) {
    const notes: string[] = [];
    const waiting = setInterval(() => screen?.waits(), WAITING_EVERY_MS);
    const outcome = await Promise.race([
      ended,
      look((note) => notes.push(note)).then(
        (shown) => ({ shown }),
        (error: unknown) => ({ error }),
      ),
    ]);
    clearInterval(waiting);
    if (outcome === 'ended' || signal.aborted) return;
    if ('shown' in outcome) {
      answered = true;
      if (screen === undefined) out.write(await following(outcome.shown, format));
      screen?.draw(outcome.shown, notes);
    } else {
      if (!answered && exitCodeOf(outcome.error) !== exitCodes.unreachable) throw outcome.error;
      const { message } = faultOf(outcome.error);
      notes.push(`${message} Asking again.`);
      screen?.failed(message);
    }
    if (screen === undefined) say.all(notes);
    await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}

/** Says the same only once, as long as nothing else comes in between. */
class OncePerChange {
  readonly #say: (text: string) => void;
  #before: readonly string[] = [];

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  all(texts: readonly string[]): void {
    for (const text of texts) if (!this.#before.includes(text)) this.#say(text);
    this.#before = texts;
  }
}

/** One of many, where they are printed one after another. */
async function following(shown: Shown, format: Format): Promise<string> {
  switch (format) {
    case 'json':
      return `${JSON.stringify(shown.data)}\n`;
    case 'yaml':
      return `---\n${await printed(shown.data, 'yaml')}`;
    case 'table':
      return `--- ${formatInstant(Date.now())}\n${shown.text(plainLook)}${shown.aside?.(plainLook) ?? ''}\n`;
  }
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.1 && seconds <= LONGEST_SECONDS)) {
    throw new InvalidArgumentError(`It is a number of seconds, from 0.1 to ${LONGEST_SECONDS}.`);
  }
  return seconds;
}
