import { found, type Line } from './check.ts';
import type { Facts } from './facts.ts';

/** Groups that tell findings of the collectors `member` and `cluster`, by code; all others belong to `reach`. */
const groups: ReadonlyMap<string, string> = new Map([
  ['LEADER_DISPUTED', 'members'],
  ['EVEN_VOTERS', 'members'],
  ['MIXED_VERSIONS', 'versions'],
]);

/** What the collectors `member` and `cluster` have found that belongs to this group. */
export function clusterFindings({ observation }: Facts, group: string): readonly Line[] {
  const { member, cluster } = observation.sections;
  return [...(member?.value?.findings ?? []), ...(cluster?.value?.findings ?? [])]
    .filter(({ code }) => (groups.get(code) ?? 'reach') === group)
    .map(found);
}
