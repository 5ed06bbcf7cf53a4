import { EtcdError } from '../../etcd/errors.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import type { SnapshotContent } from './bolt/content.ts';

/** How many keys there are in a snapshot, and how that is known. */
export interface KeyCount {
  readonly keys: number;
  /**
   * `member`: the member was asked for that revision. `content`: counted in the snapshot, exactly. `at most`: neither could be
   * told, and there are no more than so many.
   */
  readonly by: 'member' | 'content' | 'at most';
  /** False where what the member counts cannot be what the snapshot holds: its index and its file disagree. */
  readonly agrees: boolean;
}

const EVERYTHING = Buffer.from([0]);

/**
 * Counts the keys at a snapshot's revision. The member itself is asked, without a quorum; where it does not know that revision
 * any more, or cannot be reached, what the content says must do. Throws `ETCD_ABORTED`.
 */
export async function countKeys(
  client: Pick<MemberClient, 'range'>,
  { revision, keys }: Pick<SnapshotContent, 'revision' | 'keys'>,
  signal: AbortSignal,
): Promise<KeyCount> {
  const { atLeast, atMost } = keys;
  try {
    const page = await client.range(
      { key: EVERYTHING, rangeEnd: EVERYTHING, countOnly: true, revision, serializable: true },
      signal,
    );
    return { keys: page.count, by: 'member', agrees: page.count >= atLeast && page.count <= atMost };
  } catch (error) {
    if (!(error instanceof EtcdError) || error.code === 'ETCD_ABORTED') throw error;
    return { keys: atMost, by: atLeast === atMost ? 'content' : 'at most', agrees: true };
  }
}
