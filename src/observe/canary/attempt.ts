import { within } from '../../abort/linked-abort.ts';
import type { Attempt } from './outcome.ts';

/** So often the agent looks whether it runs, while a request is under way. */
const TICK_MS = 50;
/** A tick may be so late on any machine. */
const TICK_SLACK_MS = 25;

/** Makes one request and times it on the monotonic clock. It ends after `timeoutMs` at the latest; never rejects. */
export async function attempt<T>(
  request: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Attempt & { readonly value?: T }> {
  let heldUpMs = 0;
  let lastMs = performance.now();
  const look = (): void => {
    const lateMs = performance.now() - lastMs - TICK_MS;
    if (lateMs > TICK_SLACK_MS) heldUpMs += lateMs;
    lastMs = performance.now();
  };
  const ticks = setInterval(look, TICK_MS).unref();
  const startedMs = performance.now();
  const outcome = await within([signal], timeoutMs, request).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  clearInterval(ticks);
  // An answer may come to its turn before the tick that was due.
  look();
  return { seconds, heldUpSeconds: heldUpMs / 1000, ...outcome };
}
