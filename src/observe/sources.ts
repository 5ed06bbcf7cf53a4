import type { AlarmEntry, MemberList, MetricsPage, StatusReply } from '../etcd/types.ts';

/** What several collectors need, asked for at most once a round; the second caller gets the first one's promise. */
export interface Sources {
  /** Status of the own member. Throws `EtcdError`. */
  status(): Promise<StatusReply>;
  /** The member list: linearizable where a quorum answers, else from the own member's memory. Throws `EtcdError`. */
  members(): Promise<MemberList>;
  /** Active alarms. Throws `EtcdError`. */
  alarms(): Promise<readonly AlarmEntry[]>;
  /** The own member's `/metrics` page, parsed to the families that the agent reads. Throws `EtcdError`. */
  metricsPage(): Promise<MetricsPage>;
}
