import { constants } from 'node:os';
import type { Agents } from '../any-agent.ts';
import { exitCodes } from '../exit-codes.ts';
import { escapeCodes, showsColour } from './escape-codes.ts';
import { frame } from './frame.ts';
import { isUtf8Locale } from './glyphs.ts';
import { type KeyPress, keyPresses, pressed } from './key-press.ts';
import { depthsOf } from './prefixes.ts';
import { Redraws } from './redraws.ts';
import { Screen } from './screen.ts';
import type { Seen } from './seen.ts';
import { firstView, type View } from './view.ts';
import { watch } from './watch.ts';

/** Never more than 4 redraws a second. */
const SHORTEST_INTERVAL_MS = 250;
/** Ages on the screen grow by themselves. */
const TICK_MS = 1000;

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Why it ended, in the place of an error. */
class Ended {
  readonly exitCode: number;
  constructor(exitCode: number) {
    this.exitCode = exitCode;
  }
}

/**
 * Shows the cluster in the terminal until somebody ends it, and gives the exit code: 0 for `q`, 128 and the signal's number else. Throws where
 * no agent could be reached at the beginning.
 */
export async function live(agents: Agents, intervalMs: number): Promise<number> {
  const end = new AbortController();
  const onSignal = (signal: (typeof endings)[number]): void => end.abort(new Ended(128 + constants.signals[signal]));
  for (const signal of endings) process.on(signal, onSignal);
  try {
    return await show(agents, intervalMs, end);
  } catch (error) {
    if (error instanceof Ended) return error.exitCode;
    throw error;
  } finally {
    for (const signal of endings) process.off(signal, onSignal);
  }
}

/** What is on the screen. */
interface Shown {
  readonly seen: Seen;
  readonly nowMs: number;
}

async function show(agents: Agents, intervalMs: number, end: AbortController): Promise<never> {
  using shown = new DisposableStack();
  const shows = { colour: showsColour(process.stdout), unicode: isUtf8Locale(process.env) };
  let screen: Screen | undefined;
  let newest: Seen | undefined;
  /** While the screen stands still. */
  let held: Shown | undefined;
  let view: View = firstView;

  const draw = (): void => {
    if (newest === undefined || screen === undefined) return;
    const { seen, nowMs } = held ?? { seen: newest, nowMs: Date.now() };
    const options = {
      view,
      unicode: shows.unicode,
      keys: process.stdin.isTTY,
      ...(held === undefined ? {} : { pausedAtMs: held.nowMs }),
    };
    screen.draw(frame(seen, screen.size, nowMs, options).map((line) => escapeCodes(line, shows)));
  };
  const redraws = shown.use(
    new Redraws(() => {
      try {
        draw();
      } catch (error) {
        end.abort(error);
      }
    }),
  );
  const press = (key: KeyPress): void => {
    if (key === 'quit') end.abort(new Ended(exitCodes.fine));
    else if (key === 'interrupt') end.abort(new Ended(exitCodes.interrupted));
    else if (key !== 'pause') view = pressed(view, key, depthsOf(newest?.parts ?? {}, view.depth));
    else held = held !== undefined || newest === undefined ? undefined : { seen: newest, nowMs: Date.now() };
    redraws.request(SHORTEST_INTERVAL_MS);
  };
  for await (const seen of watch(agents, end.signal)) {
    newest = seen;
    if (screen === undefined) {
      screen = shown.use(
        new Screen(process.stdin, process.stdout, {
          onKeys: (text) => keyPresses(text).forEach(press),
          onResize: () => redraws.request(SHORTEST_INTERVAL_MS),
          onGone: () => end.abort(new Ended(128 + constants.signals.SIGHUP)),
        }),
      );
      const tick = setInterval(() => redraws.request(intervalMs), TICK_MS);
      shown.defer(() => clearInterval(tick));
    }
    redraws.request(intervalMs);
  }
  throw end.signal.reason;
}
