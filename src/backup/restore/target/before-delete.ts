import { AgentError } from '../../../cluster/agent-error.ts';
import { storedRecords } from '../stored-records.ts';
import type { Search } from './search.ts';

/**
 * The revision before the last one that deleted a key, from the newest segment that does; all of it is read, since deletions stand
 * anywhere. Segments that cannot be read are passed over and told. Throws `DELETION_NOT_FOUND`, and what reading the store throws.
 */
export async function beforeDelete(
  key: Buffer,
  search: Search,
  signal: AbortSignal,
): Promise<{ readonly revision: bigint; readonly note: string }> {
  const { store } = search;
  const read = new Set<string>();
  for (;;) {
    // A broken one leaves others that it had held to be read in its stead.
    const [entry] = search
      .segments()
      .filter((segment) => !read.has(segment.key))
      .toSorted((a, b) => (a.name.to > b.name.to ? -1 : 1));
    if (entry === undefined) throw notFound(key, search, store.url);
    read.add(entry.key);
    let found: bigint | undefined;
    try {
      for await (const record of storedRecords(entry, search, signal)) {
        if (record.kind === 'lease') continue;
        const { revision, events } = record.batch;
        if (events.some((event) => event.type === 'delete' && event.key.equals(key))) found = revision;
      }
    } catch (error) {
      signal.throwIfAborted();
      search.note(entry.key, error);
      continue;
    }
    if (found === undefined) continue;
    return { revision: found - 1n, note: `The key was deleted in revision ${found}.${passedOver(search)}` };
  }
}

function passedOver({ broken }: Search): string {
  if (broken.length === 0) return '';
  return ` A later deletion may stand in what cannot be read: ${broken.map(({ key }) => key).join(', ')}.`;
}

function notFound(key: Buffer, search: Search, url: string): AgentError {
  const read = search.broken.length === 0 ? '' : ' that can be read';
  return new AgentError('DELETION_NOT_FOUND', `No segment in ${url}${read} deletes the key ${shown(key)}.`, {
    remedy:
      'Look with `backup history`; a deletion between two full snapshots without segments cannot be found, nor one in a segment that is damaged (`backup verify`).',
  });
}

/** Keys may hold anything. */
function shown(key: Buffer): string {
  return JSON.stringify(key.toString('utf8').slice(0, 200));
}
