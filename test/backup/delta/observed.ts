import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { pathFrom } from '../../../src/backup/chain/path.ts';
import { joinedRecords } from '../../../src/backup/delta/joined-records.ts';
import { encodeRecord } from '../../../src/backup/delta/record-line.ts';
import type { DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import { decodeSegment } from '../../../src/backup/delta/segment.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import type { MemberClient } from '../../../src/etcd/member-client.ts';

const ZERO = Buffer.from([0]);

/** Everything that happened after `after` up to `last`, as an observer of its own saw it: one text for each revision. */
export async function observed(client: MemberClient, after: bigint, last: bigint): Promise<Map<bigint, string>> {
  const seen = new Map<bigint, string[]>();
  if (last > after) {
    for await (const { events, fragment } of client.watch({ key: ZERO, rangeEnd: ZERO, startRevision: after + 1n })) {
      for (const { type, kv } of events) {
        const list = seen.get(kv.modRevision) ?? [];
        const put = [kv.value.toString('hex'), kv.createRevision, kv.version, kv.lease];
        list.push([type, kv.key.toString('hex'), ...(type === 'put' ? put : [])].join(' '));
        seen.set(kv.modRevision, list);
      }
      if (!fragment && (events.at(-1)?.kv.modRevision ?? 0n) >= last) break;
    }
  }
  const through = [...seen].filter(([revision]) => revision <= last);
  return new Map(through.map(([revision, events]) => [revision, events.join('\n')]));
}

/** The same from what lies in a store, read as a restore does; and the leases in it. */
export async function stored(
  store: Store,
  after: bigint,
): Promise<{ revisions: Map<bigint, string>; leases: Map<bigint, number>; last: bigint; objects: number }> {
  const { segments } = await readCatalogue(store);
  const path = pathFrom(segments, after);
  async function* opened(): AsyncGenerator<AsyncIterable<DeltaRecord>> {
    for (const { key } of path.segments) yield (await decodeSegment(store.get(key), { key })).records;
  }
  const revisions = new Map<bigint, string>();
  const leases = new Map<bigint, number>();
  for await (const record of joinedRecords(opened(), after)) {
    if (record.kind === 'lease') {
      leases.set(record.grant.id, record.grant.ttlSeconds);
      continue;
    }
    for (const { lease } of record.batch.events) {
      if (lease !== 0n && !leases.has(lease)) throw new Error(`lease ${lease} comes after ${encodeRecord(record)}`);
    }
    const events = record.batch.events.map(({ type, key, value, createRevision, version, lease }) =>
      [
        type,
        key.toString('hex'),
        ...(type === 'put' ? [value.toString('hex'), createRevision, version, lease] : []),
      ].join(' '),
    );
    revisions.set(record.batch.revision, events.join('\n'));
  }
  return { revisions, leases, last: path.lastRevision, objects: path.segments.length };
}
