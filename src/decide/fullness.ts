import type { JournalValue, Reason } from '../cluster/caretaking.ts';
import { revisionOlderThan } from '../cluster/revision-history.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { formatBytes } from '../cluster/units.ts';
import { compactedTo } from './compacted.ts';
import { because } from './policy.ts';
import type { DecideSettings } from './settings.ts';

/** What a store is full of: free pages, old revisions, or data that somebody still wants. */
export type FullOf = 'fragmentation' | 'history' | 'live';

/** How full one voter is. */
export interface MemberFullness {
  readonly member: MemberState;
  /** Infinity where it has none. */
  readonly quotaBytes: number;
  readonly dbSizeBytes: number;
  readonly inUseBytes: number;
  /** Below this the alarm may be taken back. */
  readonly limitBytes: number;
}

/** How full a voter is, or what of it is not known. */
export function fullnessOf(member: MemberState, { nospace }: DecideSettings): MemberFullness | Reason {
  const { name, quotaBytes, dbSizeBytes, dbSizeInUseBytes: inUseBytes } = member;
  if (dbSizeBytes === undefined || inUseBytes === undefined) {
    return because('SIZE_UNKNOWN', `${name} does not say how large its database is`);
  }
  if (quotaBytes === undefined) return because('QUOTA_UNKNOWN', `nobody says what the quota of ${name} is`);
  return { member, quotaBytes, dbSizeBytes, inUseBytes, limitBytes: nospace.disarmBelowRatio * quotaBytes };
}

/** The newest revision that may be compacted to get space, and whether that would free anything. */
export interface Compactable {
  /** Undefined while no revision is old enough for what has been watched. */
  readonly revision?: bigint;
  /** Nothing below is left. */
  readonly compacted: bigint;
}

/** Recorded long enough ago, durable where there are backups, and never the current one. */
export function compactableOf(state: ClusterState, { nospace }: DecideSettings): Compactable {
  const compacted = compactedTo(state) ?? 0n;
  const old = revisionOlderThan(state.revisions, nospace.compactOlderThanMs);
  if (old === undefined) return { compacted };
  const limits = [old, state.revision - 1n, ...(state.durableRevision === undefined ? [] : [state.durableRevision])];
  return { revision: limits.reduce((least, limit) => (limit < least ? limit : least)), compacted };
}

/** Whether compacting would let any revision go. */
export function hasHistory({ revision, compacted }: Compactable): boolean {
  return revision !== undefined && revision > compacted;
}

/**
 * What the voters are full of. How much of what is in use is history, no etcd says before it is compacted: `history` is
 * where some can be, and `live` where none can.
 */
export function fullOf(voters: readonly MemberFullness[], compactable: Compactable): FullOf {
  if (voters.every(({ inUseBytes, limitBytes }) => inUseBytes < limitBytes)) return 'fragmentation';
  return hasHistory(compactable) ? 'history' : 'live';
}

/** `m1 holds 15.9 MiB of its quota of 16.0 MiB, 4.10 MiB of it in use`. */
export function fullnessText({ member, quotaBytes, dbSizeBytes, inUseBytes }: MemberFullness): string {
  const quota = Number.isFinite(quotaBytes) ? `of its quota of ${formatBytes(quotaBytes)}` : 'without a quota';
  return `${member.name} holds ${formatBytes(dbSizeBytes)} ${quota}, ${formatBytes(inUseBytes)} of it in use`;
}

/** The same for the journal. */
export function fullnessJson({ quotaBytes, dbSizeBytes, inUseBytes }: MemberFullness): JournalValue {
  return { quotaBytes: Number.isFinite(quotaBytes) ? quotaBytes : null, dbSizeBytes, inUseBytes };
}
