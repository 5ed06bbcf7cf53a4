import { linkedAbort } from '../../abort/linked-abort.ts';

/** All of them until one fails, or until the signal is aborted; none goes on after it has come back. */
export async function together(
  works: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const link = linkedAbort([signal]);
  const running = works.map((work) => work(link.signal));
  try {
    await Promise.all(running);
  } finally {
    link.abort();
    await Promise.allSettled(running);
    link.release();
  }
}
