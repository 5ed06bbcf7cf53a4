import type { ClusterMember, ClusterSection } from '../../cluster/sections.ts';

/**
 * Whether an agent keeps the totals. `auto`: where `chooseScanner` says so; `always`: whatever the others do, for clusters
 * that have no agent beside some members; `never`: not this one.
 */
export type ScannerRule = 'auto' | 'always' | 'never';

/** What an agent does for the totals. */
export type ScannerTurn =
  | { readonly mine: true }
  | {
      readonly mine: false;
      readonly waitingFor: string;
      /** The member whose agent is to keep the totals, where that is another one. */
      readonly heldBy?: { readonly memberId: string; readonly member: string };
    };

/** Whose turn it is, as the agent beside `own` sees it; `cluster` is absent before the first look at it. */
export function turnOf(
  rule: ScannerRule,
  own: { readonly memberId: string; readonly isLearner: boolean },
  cluster: ClusterSection | undefined,
): ScannerTurn {
  if (rule === 'always') {
    return own.isLearner ? { mine: false, waitingFor: 'the member to be a voter' } : { mine: true };
  }
  const scanner = cluster === undefined ? undefined : chooseScanner(cluster);
  if (scanner === undefined) {
    return { mine: false, waitingFor: cluster === undefined ? 'a first look at the cluster' : 'a healthy voter' };
  }
  if (scanner.id !== own.memberId) {
    return {
      mine: false,
      waitingFor: `nothing: the totals would be kept by the agent of ${scanner.name}`,
      heldBy: { memberId: scanner.id, member: scanner.name },
    };
  }
  return rule === 'auto' ? { mine: true } : { mine: false, waitingFor: NEVER };
}

const NEVER =
  'another agent to keep the totals: those with observe.keyspace.scanner auto leave them to this one, which has never';

/**
 * The member whose agent keeps the totals: the healthy follower with the lowest id, so that all agents come to the same one
 * without asking each other and the raft leader has no more to do. The raft leader itself where there is nobody else.
 * Learners cannot be watched. Undefined while no voter is healthy.
 */
export function chooseScanner({ members, leaderId }: ClusterSection): ClusterMember | undefined {
  const voters = members.filter(({ healthy, isLearner }) => healthy && !isLearner);
  const followers = voters.filter(({ id }) => id !== leaderId);
  const [first] = (followers.length > 0 ? followers : voters).toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  return first;
}

function idOf({ id }: ClusterMember): bigint {
  return BigInt(`0x${id}`);
}
