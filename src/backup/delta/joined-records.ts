import type { DeltaManifest } from '../manifest.ts';
import type { DeltaRecord } from './revision-batch.ts';
import type { SegmentFacts } from './segment-writer.ts';

/**
 * The records of several segments as one: every revision once and in order, leases once where they say the same.
 * @param segments in the order in which they are to be read; their ranges may overlap
 * @param after revisions up to here are left out
 */
export async function* joinedRecords(
  segments: Iterable<AsyncIterable<DeltaRecord>> | AsyncIterable<AsyncIterable<DeltaRecord>>,
  after: bigint,
): AsyncGenerator<DeltaRecord, void, undefined> {
  const terms = new Map<bigint, number>();
  let last = after;
  for await (const records of segments) {
    for await (const record of records) {
      if (record.kind === 'lease') {
        const { id, ttlSeconds } = record.grant;
        // Where nobody could say any more, what was said before counts.
        if (terms.get(id) === ttlSeconds || (ttlSeconds === 0 && terms.has(id))) continue;
        terms.set(id, ttlSeconds);
        yield record;
      } else if (record.batch.revision > last) {
        last = record.batch.revision;
        yield record;
      }
    }
  }
}

/** What several segments say of themselves as one: where it was taken is as in the first of them, not who encrypted it. */
export function spanOf(manifests: readonly DeltaManifest[]): SegmentFacts {
  const [first, last] = [manifests[0], manifests.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('there is nothing to join');
  const { encryption: _, lastChange: __, ...facts } = first;
  const { lastRevision, endedAtMs, authRevision } = last;
  return { ...facts, lastRevision, endedAtMs, ...(authRevision === undefined ? {} : { authRevision }) };
}
