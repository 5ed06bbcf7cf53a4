import type { MemberClient } from '../../../etcd/member-client.ts';
import { PATIENCE, patiently } from './patience.ts';
import type { Subtree } from './subtree.ts';

/** What a cluster has below a prefix. */
export interface SubtreeCount {
  readonly clusterId: string;
  readonly keys: number;
}

/** Counts the keys, which shows too that the cluster answers and lets this user read them. Throws `EtcdError`. */
export async function countSubtree(
  client: Pick<MemberClient, 'range'>,
  { ranges }: Subtree,
  signal: AbortSignal,
): Promise<SubtreeCount> {
  let keys = 0;
  let clusterId = '0';
  for (const range of ranges) {
    const { header, count } = await patiently(
      () => client.range({ ...range, countOnly: true }, signal),
      PATIENCE,
      signal,
    );
    keys += count;
    clusterId = header.clusterId;
  }
  return { clusterId, keys };
}
