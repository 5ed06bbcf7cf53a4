/** Voters that must agree: a majority of the voters in the member list (raft, section 5.2). */
export function quorumSize(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** Voters that may still be lost before writes stop; negative when quorum is already lost. */
export function faultTolerance(voters: number, votersReachable: number): number {
  return votersReachable - quorumSize(voters);
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
