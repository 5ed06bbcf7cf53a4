import type { BootView } from '../../cluster/own-member.ts';
import type { BootEvidence, SeenList } from './evidence.ts';
import { boot, bootReason, called, listedAt } from './view.ts';

/** What becomes of a member that the list of a quorum does not have any more. @param id which one it is, by its data or its memory */
export function decideNotListed(evidence: BootEvidence, list: SeenList, id: string): BootView {
  const { own, removedBy } = evidence;
  const there = listedAt(list, own.peerUrl);
  if (there?.name === '') {
    return boot(
      'join',
      bootReason('ADDED_NOT_STARTED', `the cluster waits for a new member ${there.id} at ${own.peerUrl}`),
    );
  }
  const taken = there ?? list.members.find(({ name }) => name === own.name);
  if (taken !== undefined) {
    const message = `this is member ${id}, and the cluster lists ${called(taken)} under the configured name or peer URL`;
    return boot('refuse', bootReason('OTHER_MEMBER', message));
  }
  if (removedBy === 'journal')
    return boot('join', bootReason('REMOVED_BY_JOURNAL', `the agents have removed member ${id}`));
  return removedBy === 'person'
    ? boot('stay-out', bootReason('REMOVED_BY_PERSON', `a person has removed member ${id}`))
    : boot(
        'stay-out',
        bootReason('REMOVED_BY_UNKNOWN', `the cluster does not list member ${id}, and it is not known who removed it`),
      );
}
