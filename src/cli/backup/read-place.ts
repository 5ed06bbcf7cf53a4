import { tmpdir } from 'node:os';
import type { StoreReaderOptions } from '../../backup/compare/store-reader.ts';
import { withPlace } from './opened.ts';
import { ProgressBar } from './progress-bar.ts';
import type { ReadingFlags } from './reading-flags.ts';

/** Runs `work` on the timeline that the flags name, with a bar on a terminal; Ctrl-C ends it. */
export async function readPlace<T>(
  flags: ReadingFlags,
  work: (options: StoreReaderOptions, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await withPlace(flags, 'It was not read to the end.', async ({ store, decryption }, signal) => {
    using bar = new ProgressBar();
    const options: StoreReaderOptions = {
      store,
      folder: flags.workFolder ?? tmpdir(),
      ...(decryption === undefined ? {} : { decryption }),
      onProgress: (progress) => bar.show({ what: 'reading', unit: 'bytes', ...progress }),
    };
    return await work(options, signal);
  });
}
