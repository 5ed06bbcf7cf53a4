import { healReasonCodes, type ReasonKind } from './heal-reason-codes.ts';

/**
 * Every code that a decision gives as its reason: stable, and few enough to be labels of metrics. Those that begin with
 * `FOREIGN_` come from `cluster/foreign-*.ts`.
 */
export const reasonCodes = {
  // Why something is done.
  ALARM_RAISED: { sentence: 'NOSPACE is raised: the cluster refuses writes until there is space.', motive: true },
  HISTORY_DUE: { sentence: 'Enough revisions are older than what is to be kept.', motive: true },
  SPACE_RECLAIMABLE: { sentence: 'Members hold enough free pages to be worth a defragmentation.', motive: true },
  LEADER_SLOW: { sentence: "The raft leader's disk or link is clearly the worst of the voters.", motive: true },
  HASH_CHECK_DUE: { sentence: 'The last comparison of hashes is long enough ago.', motive: true },
  SNAPSHOT_DUE: { sentence: 'A full snapshot is to be taken.', motive: true },
  DRILL_DUE: { sentence: 'The newest chain of backups is to be restored for real.', motive: true },
  AUTHORITIES_STALE: {
    sentence: 'A CA file has changed since etcd started, which reads it only then.',
    motive: true,
  },
  RESTART_ASKED: { sentence: 'Members are to be started again.', motive: true },
  UPGRADE_ASKED: { sentence: 'Members are to run another version of etcd.', motive: true },
  PODS_BEHIND: { sentence: 'Pods of the StatefulSet are not of its newest template.', motive: true },
  PARTITION_LOWERED: { sentence: 'A rollout has ended without holding the pods back again.', motive: true },
  REQUESTED: { sentence: 'A person asked for it.', motive: true },

  // Why there is nothing to do.
  NO_ALARM: { sentence: 'NOSPACE is not raised.' },
  NOT_ENOUGH_HISTORY: { sentence: 'The leading agent has not watched for as long as revisions are to be kept.' },
  TOO_FEW_REVISIONS: { sentence: 'Too few revisions would go.' },
  KUBERNETES_COMPACTS: { sentence: 'The API server of Kubernetes compacts this store.' },
  ETCD_COMPACTS: { sentence: 'Etcd compacts by itself (auto-compaction).' },
  NOTHING_TO_RECLAIM: { sentence: 'No member holds enough free pages.' },
  LEADER_FINE: { sentence: 'The raft leader is not clearly slower than the others.' },
  ALREADY_LEADER: { sentence: 'The member asked for leads already.' },
  NO_BETTER_VOTER: { sentence: 'No voter may and could lead better.' },
  NOTHING_TO_COMPARE: { sentence: 'A single voter has nobody to compare its hash with.' },
  NOTHING_STALE: { sentence: 'No member has to be started again.' },
  PODS_CURRENT: { sentence: 'All pods of the StatefulSet are of its newest template.' },
  NO_POD_SET: { sentence: 'The leading agent is in no pod of a StatefulSet, or cannot read it.' },
  ROLLOUT_BY_KUBERNETES: {
    sentence: 'The StatefulSet holds no pods back: Kubernetes or a person brings them to the newest template.',
  },
  VERSION_REACHED: { sentence: 'All voters run that version already.' },
  COOLING_DOWN: { sentence: 'The last one is too short a time ago.' },
  NO_STORE: { sentence: 'No store for backups is configured.' },
  BACKUPS_FAIL: { sentence: 'Backups do not get on: a person has to see why.' },
  BY_SCHEDULE: { sentence: 'It is done by its own schedule, beside all operations.' },
  NOT_DUE: { sentence: 'Its schedule has not come due since the last one.' },
  DRILL_FAILED: { sentence: 'The last drill failed: a person has to find out whether backups can be restored.' },
  NO_WINDOW: { sentence: 'It would be felt for longer than allowed, and no maintenance window is configured.' },
  OUTSIDE_WINDOW: { sentence: 'It waits for a maintenance window.' },

  // Why the cluster is in no state for it.
  NOT_LINEARIZABLE: { sentence: 'The member list did not come from a quorum.', passes: true },
  NO_RAFT_LEADER: { sentence: 'The members do not agree on a raft leader.', passes: true },
  QUORUM_LOST: { sentence: 'Fewer voters answer than make a quorum.' },
  VOTER_UNREACHABLE: { sentence: 'A voter does not answer.' },
  VOTER_UNHEALTHY: { sentence: 'A voter answers and is not healthy.' },
  MEMBER_LAGS: { sentence: 'A member lags too far behind.', passes: true },
  LAG_UNKNOWN: { sentence: 'How far a member lags is not known.' },
  LEARNER_PRESENT: { sentence: 'A learner is in the cluster.' },
  ALARMS_UNKNOWN: { sentence: 'Nobody could be asked for alarms.' },
  CORRUPT_ALARM: {
    sentence: 'CORRUPT is raised: nothing is changed until a person has found out which data is right.',
  },
  NOSPACE_ALARM: { sentence: 'NOSPACE is raised: its own policy deals with it.' },
  NO_SPARE: { sentence: 'There is no voter to spare, and nobody has consented to the outage.' },
  DEFRAG_UNDER_WAY: { sentence: 'A member is being defragmented already.', passes: true },
  TERM_UNSTABLE: { sentence: 'There was an election a short time ago.', passes: true },
  MEMBERS_UNSTABLE: { sentence: 'The member list changed a short time ago.', passes: true },
  VERSION_HAZARD: { sentence: 'The running version of etcd has a defect that makes it dangerous.' },
  VERSION_UNKNOWN: { sentence: 'Which version a member runs is not known.' },
  KUBERNETES_SKEW: { sentence: 'The Kubernetes whose API servers etcd serves is not tested with that minor version.' },
  VERSION_SKEW: { sentence: 'Etcd goes up by one minor version at a time, and down only half way through.' },
  POD_NO_VOLUME: { sentence: 'A pod that would be made anew has no volume that outlives it.' },
  ROLLOUT_DOUBTFUL: { sentence: 'The last rollout of this very template ended in a doubt.' },
  ROLLOUT_NOT_CURRENT: {
    sentence: 'All pods are of the newest template, and Kubernetes waits for one to be ready.',
  },
  POD_NO_VOTER: { sentence: 'A pod that would be made anew is of no voter.' },
  SIZE_UNKNOWN: { sentence: 'How large the database of a member is, is not known.' },
  QUOTA_UNKNOWN: { sentence: 'The quota of a member is not known.' },
  FREE_SPACE_UNKNOWN: { sentence: 'How much space the disk of a member has left is not known.' },
  FREE_SPACE_SHORT: { sentence: 'The disk of a member has too little space for a second copy of the database.' },
  LIVE_DATA: { sentence: 'NOSPACE comes from live data: a person has to delete some, or raise the quota.' },
  ALARM_COMES_BACK: {
    sentence: 'NOSPACE came back twice within a day: a person has to find out what fills the store.',
  },

  ...healReasonCodes,

  // Why the agents do not act on it.
  POLICY_OFF: { sentence: 'The policy is off.' },
  MODE_PLAN: { sentence: '`mode: plan`: the agents only say what they would do.' },
  POLICY_PLAN: { sentence: 'The policy is set to `plan`.' },
  NOT_ARMED: { sentence: 'Not every voter has had an agent and health for long enough yet.' },
  PAUSED: { sentence: 'A person has paused everything.' },
  PAUSED_LOCALLY: { sentence: 'A person has paused an agent that it needs, by its file.' },
  KEY_UNREADABLE: { sentence: 'A key of the agents cannot be read: nothing is started until it can.' },
  SLOT_BUSY: { sentence: 'Another operation is under way.', passes: true },
  OTHER_FIRST: { sentence: 'Another operation goes first.', passes: true },
  AGENT_MISSING: { sentence: 'No agent runs beside a member that it concerns.' },
  AGENT_VERSIONS_DIFFER: { sentence: 'Not all agents know this operation in the same version.' },
  BUDGET_SPENT: { sentence: 'As many operations as a day may have were done.' },
  BREAKER_OPEN: { sentence: 'It failed too often in a row: `etcd-caretaker resume` lets it try again.' },
  RETRY_LATER: { sentence: 'The last one did not come to its end; the next one waits a while.' },
  FOREIGN_AUTO_COMPACTION: { sentence: "Etcd's own auto-compaction is on." },
  FOREIGN_OPERATOR: { sentence: 'Another operator has left its mark in the store.' },
  FOREIGN_CRON_JOB: { sentence: 'A cron job of Kubernetes seems to take care of etcd.' },
  FOREIGN_MEMBER_CHANGE: { sentence: 'Somebody else changed the member list a short time ago.' },
  FOREIGN_UPGRADE: { sentence: 'Members run different minor versions without an upgrade of ours.' },
  FOREIGN_DEFRAG: { sentence: 'Somebody else defragmented a member.' },
  FOREIGN_COMPACTION: { sentence: 'Somebody else compacted the store.' },

  // Why the recovery of a full etcd waits for its turn: see `lead/spare-claims.ts`.
  JOURNAL_NOT_CONNECTED: { sentence: 'The journal is not followed at the moment.', passes: true },
  NOT_LEADER: { sentence: 'Another agent leads.', passes: true },
  SPARE_CLAIMED: { sentence: 'Another agent brings the cluster back.', passes: true },
  SPARE_CLAIM_RECENT: { sentence: 'An agent that has gone may still hold its claim for a moment.', passes: true },
  SPARE_NOT_FOR_MEMBER: { sentence: 'What was laid by for a full etcd is from before this member joined.' },
  SPARES_USED_UP: { sentence: 'What was laid by for a full etcd is used up: a person has to make room.' },
  EPOCH_UNREADABLE: { sentence: 'The stored epoch cannot be read.' },
  SLOT_UNREADABLE: { sentence: 'The slot cannot be read.' },

  // Why a request cannot be granted at all.
  OPERATION_UNKNOWN: { sentence: 'This version knows no such operation.' },
  TARGET_UNKNOWN: { sentence: 'There is no such member, or the operation takes none.' },
  TARGET_UNFIT: { sentence: 'The member asked for must not be used for it.' },
} as const satisfies Readonly<Record<string, ReasonKind>>;

/** A code that a decision may give. */
export type ReasonCode = keyof typeof reasonCodes;

/** Whether it goes by itself. */
export function passes(code: string): boolean {
  return kindOf(code)?.passes === true;
}

/** Whether it speaks for doing something. */
export function isMotive(code: string): boolean {
  return kindOf(code)?.motive === true;
}

function kindOf(code: string): ReasonKind | undefined {
  return Object.hasOwn(reasonCodes, code) ? reasonCodes[code as ReasonCode] : undefined;
}
