import { createReadStream } from 'node:fs';
import type { DeltaRecord } from '../delta/revision-batch.ts';
import { decodeSegment } from '../delta/segment.ts';
import { brokenOr } from './broken-object.ts';
import { type Decryption, decrypting } from './decrypting.ts';
import type { FetchedSegment } from './fetch-chain.ts';

/**
 * What the segments hold, one after the other; they may overlap. Throws `BrokenObject` where one of them is not what its
 * manifest says, at the latest at its end: whoever made use of its records before that begins anew without it.
 */
export async function* fetchedRecords(
  segments: readonly FetchedSegment[],
  decryption: Decryption | undefined,
  { leasesOnly = false }: { readonly leasesOnly?: boolean } = {},
): AsyncGenerator<DeltaRecord, void, undefined> {
  for (const { key, file, manifest } of segments) {
    try {
      const source = createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
      const { records } = await decodeSegment(source, {
        ...{ key, leasesOnly },
        decrypt: (stream) => decrypting(stream, manifest, decryption, key),
      });
      yield* records;
    } catch (error) {
      throw brokenOr(key, error);
    }
  }
}

/** How long leases had been granted for; of each the first record counts that says more than 0 seconds. Throws as `fetchedRecords` does. */
export async function termsOf(
  segments: readonly FetchedSegment[],
  decryption: Decryption | undefined,
): Promise<ReadonlyMap<bigint, number>> {
  const terms = new Map<bigint, number>();
  for await (const record of fetchedRecords(segments, decryption, { leasesOnly: true })) {
    if (record.kind !== 'lease') continue;
    const { id, ttlSeconds } = record.grant;
    if (ttlSeconds > 0 && !terms.has(id)) terms.set(id, ttlSeconds);
  }
  return terms;
}
