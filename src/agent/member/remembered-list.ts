import type { LastList } from '../../cluster/recovery.ts';
import type { RememberedMember } from './memory.ts';

/** The list that a quorum gave last, as far as the agent remembers it; of one that an older agent wrote down it is not known when that was. */
export function rememberedList(remembered: RememberedMember | undefined): LastList | undefined {
  if (remembered === undefined) return undefined;
  const { clusterId, members, listedAtMs = 0, listedAtIndex } = remembered;
  return {
    ...{ clusterId, atMs: listedAtMs, members },
    ...(listedAtIndex === undefined ? {} : { raftIndex: BigInt(listedAtIndex) }),
  };
}
