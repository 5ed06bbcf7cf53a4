import { join } from 'node:path';
import { type DataPlaces, isThere, namesIn, walDirOf } from './places.ts';

/**
 * Whether there are data at all: a database and a file of the WAL. A glance for while etcd runs, which does not tell whether they are whole.
 * Throws system errors.
 */
export async function holdsData(places: DataPlaces): Promise<boolean> {
  const [names, hasDatabase] = await Promise.all([
    namesIn(walDirOf(places)),
    isThere(join(places.dataDir, 'member', 'snap', 'db')),
  ]);
  return hasDatabase && names.some((name) => name.endsWith('.wal'));
}
