import type { Observation } from '../cluster/observation.ts';
import type { JournalKeys } from '../journal/keys.ts';
import type { CanaryPlace } from '../observe/canary.ts';

/**
 * Where this agent's canary writes, from the newest observation that knew its member and the cluster: neither changes
 * because etcd does not answer. Undefined until one has.
 */
export function canaryPlace(
  keys: Pick<JournalKeys, 'canaryOf'>,
  observation: () => Observation,
): () => CanaryPlace | undefined {
  let known: CanaryPlace | undefined;
  return () => {
    const { member, cluster } = observation().sections;
    const id = member?.value?.status.memberId;
    const ids = cluster?.value?.members.map((each) => each.id).sort() ?? [];
    if (id !== undefined && ids.includes(id)) {
      known = { key: keys.canaryOf(id), agents: ids.length, index: ids.indexOf(id) };
    }
    return known;
  };
}
