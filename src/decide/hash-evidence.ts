import type { ClusterState } from '../cluster/state.ts';
import { endedOf } from './past.ts';

const DIFFERS = 'hashDiffers.';

/** What the newest hash check says, which has compared three times. */
export interface HashEvidence {
  /** Ids of those that differ from the majority. */
  readonly minority: ReadonlySet<string>;
  /** They differed, and no majority agreed. */
  readonly noMajority: boolean;
}

/** What hash evidence is read from: the history newest first, and who is listed now. */
export interface HashSources {
  readonly history: ClusterState['history'];
  readonly members: readonly { readonly id: string }[];
}

/** Reads it from the history; a member that was replaced since has another id, and is not meant. */
export function hashesOf({ history, members }: HashSources): HashEvidence {
  const newest = endedOf(history, 'hash-check').find(({ outcome }) => outcome === 'succeeded');
  if (newest?.figures['hashMismatch'] !== 1) return { minority: new Set(), noMajority: false };
  const differing = Object.keys(newest.figures).flatMap((name) =>
    name.startsWith(DIFFERS) ? [name.slice(DIFFERS.length)] : [],
  );
  const compared = newest.figures['members'] ?? 0;
  const isMajority = differing.length > 0 && differing.length * 2 < compared;
  const listed = differing.filter((id) => members.some((member) => member.id === id));
  return { minority: new Set(isMajority ? listed : []), noMajority: !isMajority && listed.length > 0 };
}
