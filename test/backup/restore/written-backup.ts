import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import type { DeltaRecord } from '../../../src/backup/delta/revision-batch.ts';
import { encodeSegment } from '../../../src/backup/delta/segment-writer.ts';
import type { Encryption } from '../../../src/backup/encryption.ts';
import { takeFull } from '../../../src/backup/full/take-full.ts';
import type { FullManifest } from '../../../src/backup/manifest.ts';
import { deltaKey } from '../../../src/backup/names.ts';
import { readFullManifest } from '../../../src/backup/restore/fetch-chain.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import type { MemberClient } from '../../../src/etcd/member-client.ts';

const never = new AbortController().signal;

/** Takes a full snapshot of a member into a store, as fast as it goes. */
export async function writeFull(
  store: Store,
  client: MemberClient,
  spoolFolder: string,
  encryption?: Encryption,
  previousManifestSha256?: string,
): Promise<{ readonly key: string; readonly manifest: FullManifest; readonly manifestSha256: string }> {
  const { outcomes } = await takeFull(
    {
      client,
      timeline: 't1',
      clusterName: 'test',
      epoch: 1n,
      destinations: [{ store, ...(previousManifestSha256 === undefined ? {} : { previousManifestSha256 }) }],
      bytesPerSecond: Number.POSITIVE_INFINITY,
      spool: { folder: spoolFolder, maxBytes: 2 ** 30 },
      ...(encryption === undefined ? {} : { encryption }),
    },
    never,
  );
  const [outcome] = outcomes;
  if (outcome === undefined || 'error' in outcome) throw outcome?.error ?? new Error('no outcome');
  return outcome;
}

export interface SegmentOptions {
  /** Revisions in each segment. */
  readonly every: number;
  readonly epoch?: bigint;
  readonly encryption?: Encryption;
  readonly previousManifestSha256?: string;
  /** Default: that of a full snapshot that is there. */
  readonly clusterId?: string;
  /** Of the first segment's end; each next one ends a second later. */
  readonly endedAtMs?: number;
}

/** Writes what was observed of some revisions, both inclusive, as segments; gives their keys. */
export async function writeSegments(
  store: Store,
  records: readonly DeltaRecord[],
  [from, to]: readonly [bigint, bigint],
  options: SegmentOptions,
): Promise<{ readonly keys: readonly string[]; readonly manifestSha256: string | undefined }> {
  const { every, epoch = 1n, encryption, endedAtMs = 1_700_000_000_000 } = options;
  const { clusterId = await clusterIdIn(store) } = options;
  const keys: string[] = [];
  let previous = options.previousManifestSha256;
  for (let first = from; first <= to; first += BigInt(every)) {
    const end = first + BigInt(every) - 1n;
    const last = end < to ? end : to;
    const endsAtMs = endedAtMs + keys.length * 1000;
    const { object, manifestSha256 } = await encodeSegment(
      {
        ...{
          timeline: 't1',
          clusterId,
          clusterName: 'test',
          member: 'm1',
          memberId: '1f',
          etcdVersion: '3.5.30',
        },
        ...{ firstRevision: first, lastRevision: last, startedAtMs: endsAtMs - 900, endedAtMs: endsAtMs, epoch },
        ...(previous === undefined ? {} : { previousManifestSha256: previous }),
      },
      within(records, first, last),
      encryption === undefined ? {} : { cipher: encryption },
    );
    const id = `s${String(keys.length).padStart(4, '0')}`;
    const key = deltaKey({ kind: 'delta', from: first, to: last, epoch, id }, encryption !== undefined);
    await store.put(key, object);
    keys.push(key);
    previous = manifestSha256;
  }
  return { keys, manifestSha256: previous };
}

async function clusterIdIn(store: Store): Promise<string> {
  const [full] = (await readCatalogue(store)).fulls;
  return full === undefined ? 'abc' : (await readFullManifest(store, full, never)).manifest.clusterId;
}

/** Some of the records, the leases before the first revision that needs them included, as each segment states them anew. */
function within(records: readonly DeltaRecord[], first: bigint, last: bigint): readonly DeltaRecord[] {
  const revisions = records.filter(
    (record) => record.kind === 'revision' && record.batch.revision >= first && record.batch.revision <= last,
  );
  const used = new Set(
    revisions.flatMap((record) => (record.kind === 'revision' ? record.batch.events.map(({ lease }) => lease) : [])),
  );
  const leases = records.filter((record) => record.kind === 'lease' && used.has(record.grant.id));
  return [...leases, ...revisions];
}
