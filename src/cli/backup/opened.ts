import { spinning } from '../spinner.ts';
import { untilInterrupted } from './interrupted.ts';
import { type Choice, type OpenedPlace, openPlace, type StoreFlags } from './store-flags.ts';

/**
 * Runs `work` on the timeline that the flags name; Ctrl-C ends it. @param unfinished what is said then @param isSaid whether a terminal shows
 * that the store is waited for; not where the caller does
 */
export async function withPlace<T>(
  flags: StoreFlags,
  unfinished: string,
  work: (place: OpenedPlace, signal: AbortSignal) => Promise<T>,
  choice: Choice = 'newest',
  isSaid = true,
): Promise<T> {
  return await untilInterrupted(unfinished, async (signal) => {
    await using place = await (isSaid
      ? spinning('looking into the store', () => openPlace(flags, choice, signal))
      : openPlace(flags, choice, signal));
    return await work(place, signal);
  });
}
