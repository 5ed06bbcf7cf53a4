import type { Reason } from '../../cluster/caretaking.ts';

/** Every code that a plan of recovery gives as its reason: stable. docs/recovery.md lists them. */
export const recoverReasons = {
  QUORUM_HOLDS: 'An agent sees a quorum: nothing is lost.',
  DISKS_INTACT: 'A majority of the voters has its disk: once they are started nothing is lost.',
  MEMBERS_RUN: 'A majority of the voters runs and does not find together: look at the network between them.',
  AGENT_NOT_HEARD: 'An agent does not answer: its member may have what the others lack, or be alive.',
  DISK_UNREADABLE:
    'What a member has on its disk could not be looked at, or etcd runs and its data are not found there.',
  CLUSTERS_DIFFER: 'The disks that are left are of different clusters.',
  LOST_MEMBER_ANSWERS: 'A member was called lost, and its agent answers.',
  LOST_MEMBER_UNKNOWN: 'A member was called lost that nobody knows.',
  ALREADY_PROMISED: 'The agents have agreed on another plan, which is under way.',
  NEWEST_LOG: 'This member has the newest log of the disks that are left.',
  STORE_AHEAD: 'A store has what the disks that are left lack.',
  NO_DISK_LEFT: 'No voter has a disk that can be used.',
  NO_BACKUP: 'No store has a backup of this cluster.',
  LISTS_DIFFER: 'An intact disk is left out, since the newest member list does not have it, and another list has it.',
  POINT_NOT_STORED: 'The revision to go back to is in no backup of the store.',
  GO_BACK: 'A person has the cluster go back to an older revision: what came after it is taken back.',
  NO_AGENT_TO_SEED: 'No agent that was heard can start a member.',
  AGENT_CLONED: 'Two agents stand beside one member, as where a machine was copied.',
  IDENTITY_CLONED: 'Two agents have the data, or the memory, of one member.',
  SETTINGS_DIFFER: 'The agents are not told the same of a lost quorum: without a person all of them have to be.',
  QUORUM_LOSS_MANUAL: 'The quorum is lost, and a person has to say `recover`.',
  NOT_LOST_FOR_LONG: 'The quorum has not been lost for long enough.',
  TRIED_BEFORE: 'A recovery has failed a moment ago: it is tried again.',
  PROMISED: 'This agent has promised a plan, which is carried out.',
} as const satisfies Readonly<Record<string, string>>;

/** A code that a plan of recovery may give. */
export type RecoverReasonCode = keyof typeof recoverReasons;

/** A reason with a code of the list. */
export function because(code: RecoverReasonCode, message: string): Reason {
  return { code, message };
}
