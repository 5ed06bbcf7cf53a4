import { createHash } from 'node:crypto';
import { AgentError } from '../../cluster/agent-error.ts';
import { type Catalogue, type FullEntry, readCatalogue, type SegmentEntry } from '../chain/catalogue.ts';
import { chainsOf } from '../chain.ts';
import type { DeltaManifest } from '../manifest.ts';
import { byRevision } from '../revisions.ts';
import { type Store, StoreError } from '../store/store.ts';
import type { LastChange } from './last-change.ts';
import { MANIFEST_READ_BYTES } from './manifest-frames.ts';
import { readSegmentManifest } from './segment.ts';

/** Where a store's history ends. */
export interface StorePosition {
  /** Every revision up to here is in the newest chain; undefined where the store has none. */
  readonly storedRevision?: bigint;
  /** What the next segment names as its previous manifest. */
  readonly previousManifestSha256?: string;
  /** Where its last segment ends; undefined where it has none, or that does not say it. */
  readonly lastChange?: LastChange;
}

/**
 * Reads where a store's newest chain ends: two listings, and the beginning of its last segment; one that is damaged, or of a
 * newer format, or in an archive class, counts as not there. Throws what the store does.
 */
export async function storePosition(store: Store, signal?: AbortSignal): Promise<StorePosition> {
  const catalogue = await readCatalogue(store, signal);
  const damaged = new Set<string>();
  for (;;) {
    const sound = { ...catalogue, segments: catalogue.segments.filter(({ key }) => !damaged.has(key)) };
    const { revision, segment, full } = endOf(sound);
    if (segment === undefined) {
      const sha256 = full === undefined ? undefined : await sha256Of(store, full.key, signal);
      return {
        ...(revision === undefined ? {} : { storedRevision: revision }),
        ...(sha256 === undefined ? {} : { previousManifestSha256: sha256 }),
      };
    }
    const end = await endOfSegment(store, segment.key, signal);
    if (end !== undefined) return { ...(revision === undefined ? {} : { storedRevision: revision }), ...end };
    damaged.add(segment.key);
  }
}

/**
 * Without a full snapshot (the first one may be under way) the segments alone tell. So they do where they end before the newest
 * one: what lies between them and it may still be had from etcd.
 */
function endOf(catalogue: Catalogue): {
  readonly revision?: bigint;
  readonly segment?: SegmentEntry;
  readonly full?: FullEntry;
} {
  const [chain] = chainsOf(catalogue);
  const newest = catalogue.segments.toSorted((a, b) => byRevision(a.name.to, b.name.to)).at(-1);
  if (newest !== undefined && (chain === undefined || newest.name.to < chain.full.name.revision)) {
    return { revision: newest.name.to, segment: newest };
  }
  if (chain === undefined) return {};
  const segment = chain.segments.at(-1) ?? newest;
  return { revision: chain.lastRevision, full: chain.full, ...(segment === undefined ? {} : { segment }) };
}

/** What the next segment names, and what it follows; undefined where the segment's beginning is damaged. */
async function endOfSegment(
  store: Store,
  key: string,
  signal?: AbortSignal,
): Promise<Omit<StorePosition, 'storedRevision'> | undefined> {
  try {
    const beginning = store.get(key, { fromByte: 0, toByte: MANIFEST_READ_BYTES }, signal);
    const { manifest, manifestSha256 } = await readSegmentManifest(beginning, key);
    const { endsWithManifestSha256: previousManifestSha256 = manifestSha256 } = manifest;
    const lastChange = lastChangeOf(manifest);
    return { previousManifestSha256, ...(lastChange === undefined ? {} : { lastChange }) };
  } catch (error) {
    if (error instanceof AgentError && DAMAGE.has(error.code)) return undefined;
    throw error;
  }
}

/** What the last revision of a segment was; undefined where an older version wrote it, or merged it and copied what its first part said. */
export function lastChangeOf({ lastRevision, lastChange }: DeltaManifest): LastChange | undefined {
  return lastChange?.revision === lastRevision ? lastChange : undefined;
}

const DAMAGE: ReadonlySet<string> = new Set([
  'MANIFEST_NEWER',
  'MANIFEST_UNREADABLE',
  'SEGMENT_DAMAGED',
  'STORE_COLD',
  'STORE_NOT_FOUND',
]);

/** Undefined where it lies in an archive class: the next segment then names no manifest before it. */
async function sha256Of(store: Store, key: string, signal?: AbortSignal): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const piece of store.get(key, undefined, signal)) hash.update(piece);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_COLD') return undefined;
    throw error;
  }
  return hash.digest('hex');
}
