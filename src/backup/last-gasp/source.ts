import type { SnapshotContent } from '../full/bolt/content.ts';
import type { GaspFile, GaspManifest, GaspSourceKind } from './manifest.ts';

/** What is known of a source before anything is copied. */
export interface GaspPreview
  extends Pick<GaspManifest, 'fingerprint' | 'clusterId' | 'memberId' | 'etcdVersion' | 'raft'> {
  /** About so large it will be. */
  readonly bytes: number;
}

/** What came of copying. */
export type GaspCopy = Pick<GaspManifest, 'content' | 'contentUnread'> & { readonly files: readonly GaspFile[] };

/** One way to get at what a member has. */
export interface GaspSource {
  readonly kind: GaspSourceKind;
  /** Looks, and copies nothing. */
  preview(signal: AbortSignal): Promise<GaspPreview>;
  /** Copies all of it into a new folder; files are synced, and so are the folders below it. */
  copyInto(folder: string, signal: AbortSignal): Promise<GaspCopy>;
}

/** What a manifest says of a database. @param counted by the member itself, where it was asked */
export function contentFacts(content: SnapshotContent, counted?: number): NonNullable<GaspManifest['content']> {
  const { revision, compactRevision, entries, kubernetes, consistentIndex, term, authRevision, keys } = content;
  return {
    ...{ revision, compactRevision, entries, kubernetes },
    keys: counted ?? keys.atMost,
    keysExact: counted !== undefined || keys.atLeast === keys.atMost,
    ...(consistentIndex === undefined ? {} : { consistentIndex }),
    ...(term === undefined ? {} : { term }),
    ...(authRevision === undefined ? {} : { authRevision }),
  };
}
