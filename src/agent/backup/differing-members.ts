import type { Observation } from '../../cluster/observation.ts';
import { hashesOf } from '../../decide/hash-evidence.ts';

/** Ids of the listed members that the newest hash check has named, as this agent knows its result; none where it knows none. */
export function differingMembers({
  sections,
  caretaking,
}: Pick<Observation, 'sections' | 'caretaking'>): ReadonlySet<string> {
  const newestFirst = (caretaking?.history ?? []).toSorted((a, b) =>
    a.revision < b.revision ? 1 : a.revision > b.revision ? -1 : 0,
  );
  return hashesOf({ history: newestFirst, members: sections.cluster?.value?.members ?? [] }).minority;
}
