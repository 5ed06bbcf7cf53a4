/** Voters that must agree: a majority of the voters in the member list (raft, section 5.2). */
export function quorumSize(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** Voters that may still be lost before writes stop; negative when quorum is already lost. */
export function faultTolerance(voters: number, votersReachable: number): number {
  return votersReachable - quorumSize(voters);
}

/** What the list and the members say when one is to be removed. */
export interface RemovalQuestion {
  /** In the list now, the one that is to go among them. */
  readonly voters: number;
  /** Voters that are well, without it. */
  readonly wellOthers: number;
  readonly isVoter: boolean;
  /** Whether it is well itself. */
  readonly isWell: boolean;
  /** A person has agreed to what it means for a cluster of one or two voters. */
  readonly byPerson: boolean;
}

/**
 * Why a member must not be removed, as the end of a sentence; undefined where it may: without it the voters that are well
 * have to be a majority of those that remain, and a majority of those now. With two voters or fewer only a person may, and
 * the removal itself then takes its vote.
 */
export function removalKeepsQuorum(question: RemovalQuestion): string | undefined {
  const { voters, wellOthers, isVoter, isWell, byPerson } = question;
  if (!isVoter) return undefined;
  if (voters <= 1) return 'there would be no member left';
  if (voters === 2 && !byPerson) return 'a single voter would be left, and nobody has agreed to that';
  const now = wellOthers + (byPerson && isWell ? 1 : 0);
  if (wellOthers >= quorumSize(voters - 1) && now >= quorumSize(voters)) return undefined;
  return `${wellOthers} voters are well, and ${Math.max(quorumSize(voters - 1), quorumSize(voters))} make a quorum`;
}

/** What would be left if one more member were lost. */
export interface LossForecast {
  readonly voters: number;
  readonly votersReachable: number;
  readonly quorumSize: number;
  /** Voters that answer now and would still answer. */
  readonly votersLeft: number;
  /** Whether a majority of the voters in the member list would still answer. */
  readonly quorumHolds: boolean;
  /** Further losses that would be survived after this one. */
  readonly faultToleranceLeft: number;
}

/** Pure arithmetic of a loss: the member list does not change by it, so quorum is counted against all voters. */
export function ifLost(state: {
  readonly voters: number;
  readonly votersReachable: number;
  readonly lostIsVoter: boolean;
  readonly lostIsReachable: boolean;
}): LossForecast {
  const needed = quorumSize(state.voters);
  const left = state.votersReachable - (state.lostIsVoter && state.lostIsReachable ? 1 : 0);
  return {
    voters: state.voters,
    votersReachable: state.votersReachable,
    quorumSize: needed,
    votersLeft: left,
    quorumHolds: left >= needed,
    faultToleranceLeft: Math.max(0, left - needed),
  };
}
