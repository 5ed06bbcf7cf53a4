import { createHash } from 'node:crypto';

/** A point of a history. */
export interface RestoredPoint {
  readonly timeline: string;
  readonly revision: bigint;
}

/**
 * The token of a cluster that begins from there, which its id is made of: another one than that of the cluster before it, and the same
 * for each of its members, also where each is restored by a command of its own.
 * @param initialCluster in any order
 */
export function clusterToken({ timeline, revision }: RestoredPoint, initialCluster: string): string {
  const members = initialCluster
    .split(',')
    .map((member) => member.trim())
    .toSorted();
  const hash = createHash('sha256')
    .update([timeline, revision, ...members].join('\n'))
    .digest('hex');
  return `etcd-caretaker-${hash.slice(0, 16)}`;
}
