import type { Slot } from '../../cluster/caretaking.ts';
import type { JournalSnapshot } from '../../journal/snapshot.ts';
import { newestClaim } from '../../lead/spare-claims.ts';

/** So much longer than `lead.ttl` a claim that gives no sign is waited for, as whoever takes it over does. */
const MARGIN_MS = 2000;

/**
 * Whether somebody is still bringing the cluster back under a spare epoch: a new leader by lease would end that at its last
 * steps, when writes are possible again and its end is to be written down.
 */
export function isRecovering(
  { spares, epoch, lastSpareChangeAtMonotonicMs }: JournalSnapshot,
  own: { readonly memberId: string; readonly ttlMs: number; readonly recovering: Slot | undefined },
): boolean {
  if (own.recovering !== undefined) return true;
  const claim = newestClaim({ spares, ...(epoch === undefined ? {} : { epoch }) });
  const claimer = claim?.missing.find((memberId) => memberId !== own.memberId);
  // Whether it is registered says nothing: an agent that was started meanwhile could not be. A step goes at the end, too.
  return (
    claimer !== undefined &&
    performance.now() - lastSpareChangeAtMonotonicMs < Math.max(own.ttlMs, claim?.ttlMs ?? 0) + MARGIN_MS
  );
}
