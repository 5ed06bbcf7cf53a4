import { setTimeout as sleep } from 'node:timers/promises';

/** So much may pass at once after a wait: shorter sleeps than this takes would only cost. */
const BURST_MS = 50;

/**
 * Passes bytes on, no faster than `bytesPerSecond` (`Infinity`: as they come). What was not used while the source or the
 * consumer was slow is not made up for: that would load etcd's disk all the more afterwards. Throws the signal's reason.
 */
export async function* atRate(
  source: AsyncIterable<Buffer>,
  bytesPerSecond: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  if (bytesPerSecond === Number.POSITIVE_INFINITY) {
    yield* source;
    return;
  }
  let dueMs = performance.now();
  for await (const chunk of source) {
    dueMs = Math.max(dueMs, performance.now() - BURST_MS) + (chunk.length / bytesPerSecond) * 1000;
    yield chunk;
    const earlyMs = dueMs - performance.now();
    if (earlyMs >= BURST_MS) await sleep(earlyMs, undefined, { signal });
  }
}
