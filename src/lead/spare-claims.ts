import type { Reason } from '../cluster/caretaking.ts';
import type { JournalSnapshot, SpareEpoch } from '../journal/snapshot.ts';

/** Why nobody can claim any more, unless it leads by lease. */
export const USED_UP = 'SPARES_USED_UP';

/** So much longer than a claim can last without a sign is waited before it is taken over. */
const TAKE_OVER_MARGIN_MS = 2000;

/** The newest spare epoch that somebody has claimed and that is not behind the stored epoch yet. */
export function newestClaim({ spares, epoch = 0n }: Pick<JournalSnapshot, 'spares' | 'epoch'>): SpareEpoch | undefined {
  return spares.findLast((spare) => spare.epoch > epoch && spare.missing.length > 0);
}

/** Its number; 0 where none is claimed. */
export function highestClaimed(snapshot: JournalSnapshot): bigint {
  return newestClaim(snapshot)?.epoch ?? 0n;
}

/** Who wants to claim. */
export interface Claimer {
  readonly memberId: string;
  /** It is the leader by lease. */
  readonly leads: boolean;
  /** `lead.ttl`. */
  readonly ttlMs: number;
  /** Its monotonic clock. */
  readonly nowMs: number;
}

/**
 * Which spare epoch an agent may claim now, or why none: the leader by lease goes first, others only where there is none; a
 * claim passes on when its claimer is no longer registered and has given no sign for longer than it can be held.
 */
export function claimable(
  snapshot: JournalSnapshot,
  { memberId, leads, ttlMs, nowMs }: Claimer,
): { readonly spare: SpareEpoch } | { readonly reason: Reason } {
  const { connected, epoch, spares, agents, leaderRevision, slot, slotRevision } = snapshot;
  if (!connected) return held('JOURNAL_NOT_CONNECTED', 'the journal is not followed at the moment');
  if (epoch === undefined) return held('EPOCH_UNREADABLE', 'the stored epoch cannot be read');
  if (slotRevision > 0n && slot === undefined) return held('SLOT_UNREADABLE', 'the slot cannot be read');
  if (leaderRevision > 0n && !leads) return held('NOT_LEADER', 'another agent leads');
  const claim = newestClaim(snapshot);
  if (claim !== undefined) {
    const claimer = claim.missing.find((missing) => missing !== memberId);
    if (claimer !== undefined && agents.some((agent) => agent.memberId === claimer)) {
      return held('SPARE_CLAIMED', `the agent of ${claimer} has claimed spare epoch ${claim.epoch}, and is there`);
    }
    const longestMs = Math.max(ttlMs, claim.ttlMs ?? 0);
    const waitMs = snapshot.lastSpareChangeAtMonotonicMs + longestMs + TAKE_OVER_MARGIN_MS - nowMs;
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      return held('SPARE_CLAIM_RECENT', `spare epoch ${claim.epoch} may still be held for ${seconds} s`);
    }
  }
  const spare = spares.find((each) => each.epoch > (claim?.epoch ?? epoch));
  if (spare === undefined)
    return held(USED_UP, 'no spare epoch is left: make room by hand (etcdctl compact, defrag, alarm disarm)');
  if (!spare.members.includes(memberId)) {
    return held('SPARE_NOT_FOR_MEMBER', `spare epoch ${spare.epoch} was made before this member joined`);
  }
  return { spare };
}

function held(code: string, message: string): { readonly reason: Reason } {
  return { reason: { code, message } };
}
