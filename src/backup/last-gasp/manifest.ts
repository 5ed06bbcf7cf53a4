import type { SnapshotContent } from '../full/bolt/content.ts';
import { type Digest, FORMAT_VERSION } from '../manifest.ts';

/**
 * Where a last gasp comes from. `snapshot`: the member's own Snapshot call. `database-file`: the database of a member that runs, but
 * whose Snapshot call refuses the agent. `data-dir`: the files of a member that has ended.
 */
export type GaspSourceKind = 'snapshot' | 'database-file' | 'data-dir';

/** One file of a last gasp. */
export interface GaspFile extends Digest {
  /** Below the folder of the last gasp, with `/`. */
  readonly path: string;
}

/** How far the member's raft log had come, by its Status. */
export interface GaspRaft {
  readonly term: bigint;
  readonly index: bigint;
  readonly appliedIndex: bigint;
}

/** What lies beside the files of a last gasp: enough to tell which member has the most. Times are ms since 1970. */
export interface GaspManifest {
  readonly formatVersion: number;
  readonly kind: 'last-gasp';
  readonly source: GaspSourceKind;
  /** The configured name. */
  readonly clusterName: string;
  readonly member: string;
  /** Absent where the agent has never seen them: the member was gone when it started. */
  readonly clusterId?: string;
  readonly memberId?: string;
  readonly etcdVersion?: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Of the state that was copied: the same state is not copied twice. */
  readonly fingerprint: string;
  readonly raft?: GaspRaft;
  /**
   * As its database has it. With `data-dir` the WAL beside it may hold more, which etcd applies when it starts. Absent where the
   * database could not be read.
   */
  readonly content?: Pick<
    SnapshotContent,
    'revision' | 'compactRevision' | 'entries' | 'kubernetes' | 'consistentIndex' | 'term' | 'authRevision'
  > & {
    /** Keys at `revision`; `exact` is false where there are no more than so many. */
    readonly keys: number;
    readonly keysExact: boolean;
  };
  readonly contentUnread?: string;
  readonly files: readonly GaspFile[];
}

/** Revisions and indexes as decimal text, times as ISO 8601. */
export function encodeGaspManifest({ startedAtMs, endedAtMs, ...rest }: GaspManifest): Buffer {
  const written = { ...rest, startedAt: new Date(startedAtMs), endedAt: new Date(endedAtMs) };
  const text = JSON.stringify(written, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2);
  return Buffer.from(`${text}\n`);
}

/** What a later look at a last gasp has to know. */
export type GaspSummary = Pick<
  GaspManifest,
  'source' | 'clusterName' | 'member' | 'clusterId' | 'memberId' | 'endedAtMs' | 'fingerprint'
> & {
  readonly revision?: bigint;
  readonly keys?: number;
  /** Of all its files. */
  readonly bytes: number;
};

/** What others are told of one that has just been made. */
export function gaspSummary(manifest: GaspManifest): GaspSummary {
  const { source, clusterName, member, clusterId, memberId, endedAtMs, fingerprint, content, files } = manifest;
  return {
    ...{ source, clusterName, member, endedAtMs, fingerprint },
    ...(clusterId === undefined ? {} : { clusterId }),
    ...(memberId === undefined ? {} : { memberId }),
    ...(content === undefined ? {} : { revision: content.revision, keys: content.keys }),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Undefined where it is no manifest of this version: whatever that is, it is left alone. */
export function parseGaspManifest(text: string): GaspSummary | undefined {
  let found: Record<string, unknown>;
  try {
    found = Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const {
    formatVersion,
    kind,
    source,
    clusterName,
    member,
    clusterId,
    memberId,
    endedAt,
    fingerprint,
    content,
    files,
  } = found;
  const known = (['snapshot', 'database-file', 'data-dir'] as const).find((each) => each === source);
  const endedAtMs = Date.parse(String(endedAt));
  if (formatVersion !== FORMAT_VERSION || kind !== 'last-gasp' || known === undefined || Number.isNaN(endedAtMs)) {
    return undefined;
  }
  if (typeof clusterName !== 'string' || typeof member !== 'string' || typeof fingerprint !== 'string')
    return undefined;
  if (!Array.isArray(files)) return undefined;
  const { revision, keys } = Object(content) as { readonly revision?: unknown; readonly keys?: unknown };
  return {
    ...{ source: known, clusterName, member, endedAtMs, fingerprint },
    ...(typeof clusterId === 'string' ? { clusterId } : {}),
    ...(typeof memberId === 'string' ? { memberId } : {}),
    ...(typeof revision === 'string' && /^\d{1,19}$/.test(revision) ? { revision: BigInt(revision) } : {}),
    ...(typeof keys === 'number' ? { keys } : {}),
    bytes: files.reduce<number>((sum, file) => sum + (Number(Object(file).bytes) || 0), 0),
  };
}
