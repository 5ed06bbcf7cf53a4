import type { StatusReply } from '../../etcd/types.ts';
import { type Digest, FORMAT_VERSION, type FullManifest } from '../manifest.ts';
import type { CheckedSnapshot } from './checked-snapshot.ts';
import type { KeyCount } from './count-keys.ts';

/** What a manifest is made of besides what the snapshot itself says. */
export interface ManifestFacts {
  readonly timeline: string;
  readonly clusterName: string;
  readonly member: string;
  readonly epoch: bigint;
  readonly status: StatusReply;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly snapshot: CheckedSnapshot;
  readonly stored: Digest;
  /** Of the keys that it was encrypted for; undefined where it was not. */
  readonly keyIds: readonly string[] | undefined;
  readonly object: string;
  readonly keyCount: KeyCount;
  readonly previousManifestSha256: string | undefined;
}

/** The manifest of a full snapshot. */
export function fullManifest(facts: ManifestFacts): FullManifest {
  const { status, keyIds, previousManifestSha256 } = facts;
  const { plain, content } = facts.snapshot;
  return {
    formatVersion: FORMAT_VERSION,
    kind: 'full',
    timeline: facts.timeline,
    clusterId: status.header.clusterId,
    clusterName: facts.clusterName,
    member: facts.member,
    memberId: status.header.memberId,
    etcdVersion: status.version,
    firstRevision: content.revision,
    lastRevision: content.revision,
    startedAtMs: facts.startedAtMs,
    endedAtMs: facts.endedAtMs,
    plain,
    stored: facts.stored,
    compression: 'zstd',
    ...(keyIds === undefined ? {} : { encryption: { format: 'age', keyIds } }),
    epoch: facts.epoch,
    ...(previousManifestSha256 === undefined ? {} : { previousManifestSha256 }),
    ...(content.authRevision === undefined ? {} : { authRevision: content.authRevision }),
    object: facts.object,
    keys: facts.keyCount.keys,
    keysExact: facts.keyCount.by !== 'at most' && facts.keyCount.agrees,
    entries: content.entries,
    compactRevision: content.compactRevision,
    kubernetes: content.kubernetes,
    leases: Object.fromEntries([...content.leases].map(([id, ttlSeconds]) => [String(id), ttlSeconds])),
  };
}
