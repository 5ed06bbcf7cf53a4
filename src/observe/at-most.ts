import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for `work`, but no longer than `ms`: then the result is undefined, and the work goes on. Throws what it throws. */
export async function atMost<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const enough = new AbortController();
  const patience = sleep(ms, undefined, { signal: enough.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, patience]);
  } finally {
    enough.abort();
    // Once nobody waits for it any more, its failure is nobody's either.
    work.catch(() => undefined);
  }
}
