/** Every code that the decision about a member's start gives, and what it means. */
export const bootCodes = {
  // It runs, or is to be started.
  RUNNING: 'Etcd runs.',
  LISTED: 'The data are intact, and the cluster lists their member.',
  NOBODY_ANSWERS: 'No member of the cluster answers.',
  ADDRESS_CHANGED: 'The cluster lists the member under another peer URL than the configured one.',
  LIST_MAY_BE_OLD: 'The member list did not come from a quorum.',
  LAST_END: 'How etcd ended the last time.',

  // A cluster is begun.
  EMPTY_EVERYWHERE:
    'Every configured peer is empty and was never bootstrapped, and no store has a backup of the cluster.',

  BEGUN_WITHOUT: 'The others have begun the cluster with this member, which has not started yet.',

  // It is to become a member.
  NEW_MEMBER: 'There is a cluster, and this is an empty data dir that it does not know.',
  ADDED_NOT_STARTED: 'The cluster lists the configured peer URL for a member that was never started.',
  DATA_GONE: 'The cluster lists the member, and its data are gone: it has to be replaced.',
  REMOVED_BY_JOURNAL: 'The agents have removed this member themselves: its data go to quarantine, and it joins anew.',
  OTHER_CLUSTER_REMEMBERED: 'It was a member of another cluster before; nothing of that is left here.',

  // It stays as it is.
  LEFT: 'A person had this member leave.',
  REMOVED_BY_PERSON: 'A person has removed this member.',
  REMOVED_BY_UNKNOWN: 'The cluster does not list this member any more, and the agents have not removed it.',

  // Something is not as it should be, and a person has to look.
  OTHER_CLUSTER: 'The data are of another cluster.',
  OTHER_MEMBER: 'The data, or the configured name or peer URL, are those of another member.',

  // It waits.
  DATA_UNREADABLE: 'The data dir cannot be read: that says nothing about the data.',
  DATA_CORRUPT: 'The data are damaged: the member is not started, and waits for its replacement.',
  ETCD_FOUND_DAMAGE: 'Etcd itself ended because of its data.',
  ETCD_SAYS_REMOVED: 'Etcd ended because it was removed, and no quorum could be asked.',
  PROCESS_UNKNOWN: 'Whether etcd runs is not known.',
  NOT_ASKED_YET: 'The members have not been asked yet.',
  MEMBER_BEFORE: 'It was a member before, so that it never begins a cluster.',
  NOT_CONFIGURED: 'The configured peers do not name this member.',
  PEER_UNREACHABLE: 'The agent of a configured peer does not answer: it may have the data.',
  PEER_HAS_DATA: 'A configured peer has data, or had them.',
  STORE_HAS_CHAIN: 'The store has a backup of the cluster: it is to be recovered, not begun anew.',
  STORE_UNREACHABLE: 'The store does not answer: it may have a backup of the cluster.',
} as const;

/** A code that the decision may give. */
export type BootCode = keyof typeof bootCodes;
