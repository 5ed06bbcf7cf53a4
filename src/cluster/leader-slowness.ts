import { median } from './median.ts';
import type { ClusterState, MemberState } from './state.ts';

/** When a member counts as clearly the worst. */
export interface SlownessLimits {
  /** So many times the median of the others… */
  readonly factor: number;
  /** …and at least so slow. */
  readonly minFsyncSeconds: number;
  readonly minRttSeconds: number;
}

/**
 * Counts the rounds in a row in which the raft leader's member is clearly the worst voter, by its WAL fsync p99 or by its
 * round trip to a quorum. Another leader starts anew, and so does a round in which it is not known.
 */
export class LeaderSlowness {
  #leaderId: string | undefined;
  #fsync = 0;
  #rtt = 0;

  /**
   * Takes in one round, and tells the counts.
   * @param isAnew false: a round that was taken in before is decided on once more, and does not count again
   */
  round(
    members: readonly MemberState[],
    leaderId: string | undefined,
    limits: SlownessLimits,
    isAnew = true,
  ): NonNullable<ClusterState['leaderWorstRounds']> {
    if (leaderId !== this.#leaderId) {
      this.#leaderId = leaderId;
      this.#fsync = 0;
      this.#rtt = 0;
    } else if (!isAnew) {
      return { fsync: this.#fsync, rtt: this.#rtt };
    }
    const worst = (of: (member: MemberState) => number | undefined, leastSeconds: number): boolean =>
      isWorst(members, leaderId, of, limits.factor, leastSeconds);
    this.#fsync = worst(fsyncOf, limits.minFsyncSeconds) ? this.#fsync + 1 : 0;
    this.#rtt = worst(rttOf, limits.minRttSeconds) ? this.#rtt + 1 : 0;
    return { fsync: this.#fsync, rtt: this.#rtt };
  }
}

const fsyncOf = ({ observed }: MemberState): number | undefined => observed?.walFsyncP99Seconds;
const rttOf = ({ observed }: MemberState): number | undefined => observed?.quorumRttSeconds;

function isWorst(
  members: readonly MemberState[],
  leaderId: string | undefined,
  of: (member: MemberState) => number | undefined,
  factor: number,
  leastSeconds: number,
): boolean {
  const voters = members.filter(({ isLearner }) => !isLearner);
  const leader = voters.find(({ id }) => id === leaderId);
  const own = leader === undefined ? undefined : of(leader);
  const others = voters.filter(({ id }) => id !== leaderId).flatMap((member) => of(member) ?? []);
  const typical = median(others);
  return own !== undefined && typical !== undefined && own >= leastSeconds && own >= factor * typical;
}
