import type { DeltaEvent, DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import type { SegmentFacts } from '../../../src/backup/delta/segment-writer.ts';

/** What a segment of these revisions says of itself, in tests. */
export function someFacts(firstRevision: bigint, lastRevision: bigint, epoch = 3n): SegmentFacts {
  return {
    timeline: 't1',
    clusterId: 'abc',
    clusterName: 'test',
    member: 'm1',
    memberId: '1f',
    etcdVersion: '3.5.30',
    firstRevision,
    lastRevision,
    startedAtMs: 1_700_000_000_000,
    endedAtMs: 1_700_000_001_000,
    epoch,
  };
}

/** One put of a key, as its revision. */
export function putAt(revision: bigint, key = `k${revision}`, value = `v${revision}`): DeltaRecord {
  const event: DeltaEvent = {
    type: 'put',
    key: Buffer.from(key),
    value: Buffer.from(value),
    createRevision: revision,
    version: 1n,
    lease: 0n,
  };
  return { kind: 'revision', batch: { revision, events: [event] } };
}

/** A buffer as a stream, in pieces of `bytes`. */
export async function* inPieces(buffer: Buffer, bytes = 7): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < buffer.length; at += bytes) yield buffer.subarray(at, at + bytes);
}

/** Everything that comes, in order. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
