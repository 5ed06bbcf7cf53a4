/** One reason that decisions give. */
export interface ReasonKind {
  /** For the reference: what it means, and what a person may do. */
  readonly sentence: string;
  /** It goes by itself, as a rule within minutes: what a person asked for waits for it instead of being refused. */
  readonly passes?: true;
  /** It speaks for doing something; what keeps the agents from it has other codes. */
  readonly motive?: true;
}

/** The codes of what heals: of `replace`, `join`, `leave` and `member-update`. */
export const healReasonCodes = {
  // Why something is done, and what is said with it.
  DATA_GONE: { sentence: 'The data dir of a listed member is empty: its own agent says so.', motive: true },
  DATA_CORRUPT: { sentence: 'The data of a member are corrupt.', motive: true },
  MEMBER_DEAD: {
    sentence: 'A member has been dead for long enough, by the word of at least two observers.',
    motive: true,
  },
  NODE_GONE: {
    sentence: 'A member is dead, and the node that its volume is on is shown to be gone.',
    motive: true,
  },
  CANDIDATE_WAITS: { sentence: 'An agent whose member is in no list wants it to be.', motive: true },
  LEARNER_LEFT: {
    sentence: 'An earlier operation of the agents has left a learner, which is gone on with.',
    motive: true,
  },
  LEAVE_ASKED: { sentence: 'A member is to leave the cluster.', motive: true },
  PEER_URL_CHANGED: { sentence: 'A member is configured with another peer URL than the list has.', motive: true },
  EVEN_VOTERS: {
    sentence: 'The number of voters becomes even: that takes one more for a quorum, and survives no more.',
    motive: true,
  },
  MANY_VOTERS: { sentence: 'There are more than seven voters: each write waits for more of them.', motive: true },
  QUORUM_RISK: { sentence: 'With two voters the loss of either stops all writes.', motive: true },
  VERSION_PRECAUTION: {
    sentence: 'The running version of etcd has a defect that a precaution is taken against.',
    motive: true,
  },

  // Why there is nothing to do.
  ALL_WELL: { sentence: 'No member is broken.' },
  NO_CANDIDATE: { sentence: 'No agent wants its member to be taken in.' },
  ON_REQUEST: { sentence: 'It is only done for a person who asks.' },
  PEER_URLS_FIT: { sentence: 'Every member is listed under the peer URL that it is configured with.' },
  NOT_SUPERVISED: { sentence: 'No agent can start its member (`supervise.kind`): nothing is healed.' },

  // What is the matter with a member that is not replaced for it, or not yet.
  PROCESS_DOWN: { sentence: 'The process of a member has ended: its own agent starts it again.' },
  STARVED: { sentence: 'The process of a member runs and does not answer: it is paused, or has no CPU or disk.' },
  MACHINE_GONE: { sentence: 'Neither a member nor the agent beside it answers anybody.' },
  PARTITIONED: { sentence: 'Some observers reach a member and others do not: the network is to be mended.' },
  PARTITIONED_ONE_WAY: { sentence: 'A member reaches the others, and nobody reaches it.' },
  DISK_FULL: { sentence: 'The disk of a member is full: a person has to make room.' },
  DISK_SLOW: { sentence: 'The disk of a member is far too slow.' },
  MEMBER_REMOVED: { sentence: 'A member has heard that it was removed, and the list still has it.' },
  CLOCK_OFF: { sentence: 'The clock of a machine differs from those of the others.' },
  CERTIFICATE_EXPIRED: { sentence: 'Etcd does not start for its certificates: a person has to renew them.' },
  NEEDS_PERSON: { sentence: 'Etcd does not start for something that a person has to mend.' },
  POD_NODE_GONE: {
    sentence: 'A pod whose member is no voter waits for a volume on a node that is gone. Delete its claim and the pod.',
  },
  NODE_NOT_GONE: { sentence: 'It is not shown that the node of a member is gone: it may run on.' },
  NOT_DEAD_YET: { sentence: 'It has not been dead for `heal.replaceAfter` yet.' },
  TOO_FEW_OBSERVERS: { sentence: 'Fewer than two agents have said how they find the member.' },
  NO_MAJORITY: {
    sentence: 'The data of the members differ, and no majority agrees: a person has to say which is right.',
  },
  NO_REPLACEMENT: { sentence: 'No agent can start a member in place of the broken one.' },
  SECOND_FAILURE: { sentence: 'Another voter is not well either: nothing is taken away now.' },
  QUORUM_AT_RISK: { sentence: 'Too few voters would be left that are well.' },
  FOREIGN_LEARNER: { sentence: 'There is a learner that the agents have not added.' },
  MIXED_VERSIONS: { sentence: 'Members run different minor versions.' },
  NO_BACKUP: { sentence: 'There is no backup, and `heal.withoutBackup` does not consent to that.' },
  CANDIDATE_UNFIT: { sentence: 'An agent wants its member to be taken in, and it is in no state for it.' },
  PEER_URL_TAKEN: { sentence: 'Another member is listed under that peer URL.' },
  HEAL_GIVEN_UP: { sentence: 'It has failed three times within a day: a person has to see why.' },
} as const satisfies Readonly<Record<string, ReasonKind>>;
