import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough for a busy machine: it is only ever waited for in full where something is wrong. */
export const PATIENCE_MS = 90_000;

/**
 * Looks again and again until nothing is missing. Throws what is missing still, when it takes longer than `patienceMs`.
 * @param missing what is not as it should be, in words; undefined: all is well
 */
export async function until(
  what: string,
  missing: () => Promise<string | undefined> | string | undefined,
  { patienceMs = PATIENCE_MS, pauseMs = 50 }: { readonly patienceMs?: number; readonly pauseMs?: number } = {},
): Promise<void> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const wrong = await Promise.resolve()
      .then(missing)
      .catch((error: unknown) => String(error));
    if (wrong === undefined) return;
    if (performance.now() > endMs) throw new Error(`${what}: ${wrong}`);
    await sleep(pauseMs);
  }
}
