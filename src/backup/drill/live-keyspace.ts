import { AgentError } from '../../cluster/agent-error.ts';
import { EtcdError } from '../../etcd/errors.ts';
import { hashKeyspace } from '../../etcd/maintenance-calls.ts';
import type { MemberClient } from '../../etcd/member-client.ts';

/** All that two copies of a keyspace are compared by. */
export interface KeyspacePrint {
  readonly revision: bigint;
  /** The hash is of nothing older than this. */
  readonly compactRevision: bigint;
  readonly hash: number;
  readonly keys: number;
}

/** Reads it off a member. Throws `EtcdError`. */
export async function printOf(client: MemberClient, revision: bigint, signal: AbortSignal): Promise<KeyspacePrint> {
  const { hash, compactRevision } = await hashKeyspace(client, revision, { signal });
  const everything = { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) };
  const { count } = await client.range({ ...everything, countOnly: true, revision, serializable: true }, signal);
  return { revision, compactRevision, hash, keys: count };
}

/**
 * Reads it off a member of the live cluster, which must know the revision. Throws `DRILL_REVISION_COMPACTED` where the cluster
 * has left it behind, `DRILL_STORE_AHEAD` where it never was there, and `EtcdError`.
 */
export async function livePrint(client: MemberClient, revision: bigint, signal: AbortSignal): Promise<KeyspacePrint> {
  // So that a follower has all that the store can have.
  await client.linearizableRead(signal);
  try {
    return await printOf(client, revision, signal);
  } catch (error) {
    if (error instanceof EtcdError && error.code === 'ETCD_COMPACTED') {
      throw new AgentError(
        'DRILL_REVISION_COMPACTED',
        `The cluster has compacted revision ${revision}, the newest one in the store: they cannot be compared.`,
        { remedy: 'The stream of deltas is behind the compaction: look why, and take a full snapshot.', cause: error },
      );
    }
    if (error instanceof EtcdError && error.code === 'ETCD_FUTURE_REVISION') {
      throw new AgentError(
        'DRILL_STORE_AHEAD',
        `The store goes to revision ${revision}, which the cluster has not reached.`,
        {
          remedy: 'The cluster was restored or is another one: its backups belong into a timeline of their own.',
          cause: error,
        },
      );
    }
    throw error;
  }
}

/** What differs between two prints of the same revision, as sentences. */
export function differences(live: KeyspacePrint, restored: KeyspacePrint): readonly string[] {
  const at = `at revision ${live.revision}`;
  return [
    ...(live.keys === restored.keys
      ? []
      : [`The cluster has ${live.keys} keys ${at}, the restored copy ${restored.keys}.`]),
    ...(live.compactRevision === restored.compactRevision
      ? []
      : [`The cluster is compacted at ${live.compactRevision}, the restored copy at ${restored.compactRevision}.`]),
    ...(live.hash === restored.hash
      ? []
      : [`The hash of the keyspace ${at} is ${live.hash} in the cluster and ${restored.hash} in the restored copy.`]),
  ];
}
