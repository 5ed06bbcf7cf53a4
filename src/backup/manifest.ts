import * as z from 'zod';
import { AgentError } from '../cluster/agent-error.ts';

/** Raised when something that is read or written gets another meaning. */
export const FORMAT_VERSION = 1;

const decimal = z
  .string()
  .regex(/^\d{1,19}$/)
  .transform(BigInt);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.int().nonnegative();
const time = z.iso.datetime().transform((text) => Date.parse(text));

const shared = {
  formatVersion: z.literal(FORMAT_VERSION),
  timeline: z.string().min(1),
  clusterId: z.string().min(1),
  clusterName: z.string().min(1),
  member: z.string(),
  memberId: z.string(),
  etcdVersion: z.string(),
  firstRevision: decimal,
  lastRevision: decimal,
  startedAt: time,
  endedAt: time,
  plain: z.object({ bytes, sha256 }),
  stored: z.object({ bytes, sha256 }),
  compression: z.literal('zstd'),
  encryption: z.object({ format: z.literal('age'), keyIds: z.array(z.string()) }).optional(),
  epoch: decimal,
  previousManifestSha256: sha256.optional(),
  authRevision: decimal.optional(),
};

const fullSchema = z.looseObject({
  ...shared,
  kind: z.literal('full'),
  object: z.string().min(1),
  keys: z.int().nonnegative(),
  keysExact: z.boolean().optional(),
  entries: z.int().nonnegative(),
  compactRevision: decimal,
  kubernetes: z.boolean(),
  leases: z.record(z.string().regex(/^\d{1,19}$/), z.int().nonnegative()),
});
const deltaSchema = z.looseObject({
  ...shared,
  kind: z.literal('delta'),
  events: z.int().nonnegative(),
  endsWithManifestSha256: sha256.optional(),
  lastChange: z.object({ revision: decimal, digest: z.string() }).optional(),
});

/** What all manifests say. Revisions are bigint, times ms since 1970. */
interface ManifestBase {
  readonly formatVersion: number;
  readonly timeline: string;
  readonly clusterId: string;
  readonly clusterName: string;
  /** From which it was taken. */
  readonly member: string;
  readonly memberId: string;
  readonly etcdVersion: string;
  /** Inclusive; of a full snapshot both are its revision. */
  readonly firstRevision: bigint;
  readonly lastRevision: bigint;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Before compression. */
  readonly plain: Digest;
  /** As it lies in the store, after compression and encryption; of a delta without the frame that holds this manifest. */
  readonly stored: Digest;
  readonly compression: 'zstd';
  /** Absent: not encrypted. Key ids tell which identity is needed, and hold no secret. */
  readonly encryption?: { readonly format: 'age'; readonly keyIds: readonly string[] };
  /** Of the writer. */
  readonly epoch: bigint;
  /** Of the manifest before it in the chain; absent for the first one of a timeline. */
  readonly previousManifestSha256?: string;
  /** Of etcd's users and roles, where the member says it (3.5 and newer): a change of it makes no revision. */
  readonly authRevision?: bigint;
}

export interface Digest {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Of a full snapshot: stands in an object of its own, written last; without it there is no snapshot. */
export interface FullManifest extends ManifestBase {
  readonly kind: 'full';
  /** Key of the snapshot in the store, beside the manifest. */
  readonly object: string;
  /** Keys that are there at this revision. */
  readonly keys: number;
  /** False where there may be fewer, or where the member counts what its file cannot hold; absent: not told by who wrote it. */
  readonly keysExact?: boolean;
  /** Entries of the key bucket: all revisions of all keys that are in it. */
  readonly entries: number;
  readonly compactRevision: bigint;
  /** Something below `/registry/` is in it. */
  readonly kubernetes: boolean;
  /** Seconds that each lease had been granted for, by its id in decimal text, as asked for when the snapshot was taken. */
  readonly leases: Readonly<Record<string, number>>;
}

/** Of a delta segment: stands in its object, in a skippable frame before the rest. */
export interface DeltaManifest extends ManifestBase {
  readonly kind: 'delta';
  readonly events: number;
  /** Of a merged segment: of the manifest of the last one in it, which is what the next one names as its previous. */
  readonly endsWithManifestSha256?: string;
  /**
   * What its last revision was, the digest as `changeDigest` gives it: whether a cluster still has that in its history. Of another
   * revision where a version that did not know this merged segments: then it says nothing.
   */
  readonly lastChange?: { readonly revision: bigint; readonly digest: string };
}

export type Manifest = FullManifest | DeltaManifest;

/** A manifest as it is stored: JSON, revisions in decimal text, times in ISO 8601. */
export function encodeManifest({ startedAtMs, endedAtMs, ...rest }: Manifest): Buffer {
  const all = { ...rest, startedAt: new Date(startedAtMs).toISOString(), endedAt: new Date(endedAtMs).toISOString() };
  return Buffer.from(`${JSON.stringify(all, (_, value) => (typeof value === 'bigint' ? String(value) : value), 2)}\n`);
}

/**
 * Reads a manifest. Throws `MANIFEST_NEWER` where a newer version wrote it, `MANIFEST_UNREADABLE` where it is none.
 * @param where for the message: the key of the object that it stands in
 */
export function parseManifest(text: Buffer, where: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text.toString('utf8'));
  } catch (error) {
    throw unreadable(where, 'it is no JSON', error);
  }
  const version: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'formatVersion') : undefined;
  if (typeof version === 'number' && version > FORMAT_VERSION) {
    throw new AgentError(
      'MANIFEST_NEWER',
      `${where} was written by a newer version: its format is ${version}, and this one reads up to ${FORMAT_VERSION}.`,
      { remedy: 'Use the version of etcd-caretaker that wrote it, or a newer one.' },
    );
  }
  const parsed = z.discriminatedUnion('kind', [fullSchema, deltaSchema]).safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unreadable(where, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is no manifest'}`, parsed.error);
  }
  const { startedAt: startedAtMs, endedAt: endedAtMs, ...rest } = parsed.data;
  // What zod leaves out is absent, not undefined.
  return { ...rest, startedAtMs, endedAtMs } as Manifest;
}

function unreadable(where: string, what: string, cause: unknown): AgentError {
  return new AgentError('MANIFEST_UNREADABLE', `The manifest in ${where} cannot be read: ${what}.`, {
    remedy: 'Run `backup verify`: it says what is lost with it, and which chain is whole.',
    cause,
  });
}
