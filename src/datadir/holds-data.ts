import { join } from 'node:path';
import { untilAborted } from '../abort/until-aborted.ts';
import { type DataPlaces, isThere, namesIn, walDirOf } from './places.ts';

/**
 * Whether there are data at all: a database and a file of the WAL. A glance for while etcd runs, which does not tell whether they are whole.
 * Throws system errors, and the signal's reason: a disk that hangs keeps only the looks waiting that nobody wants any more.
 */
export async function holdsData(places: DataPlaces, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const looks = Promise.all([namesIn(walDirOf(places)), isThere(join(places.dataDir, 'member', 'snap', 'db'))]);
  const [names, hasDatabase] = await untilAborted(looks, signal);
  return hasDatabase && names.some((name) => name.endsWith('.wal'));
}
