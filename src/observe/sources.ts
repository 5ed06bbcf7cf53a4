import type { MemberList, MetricsPage, StatusReply } from '../etcd/types.ts';

/** What several collectors need, asked for at most once a round; the second caller gets the first one's promise. */
export interface Sources {
  /** Status of the own member. Throws `EtcdError`: `ETCD_WRONG_MEMBER` where somebody else answered. */
  status(): Promise<StatusReply>;
  /** The reply that `status` looks at, whoever gave it. Throws `EtcdError`. */
  ownReply(): Promise<StatusReply>;
  /**
   * Id of the own member: the list has it by its name, also while the member is down; else the member says it. Throws
   * `EtcdError`.
   */
  ownId(): Promise<string>;
  /** The member list: linearizable where a quorum answers, else from the own member's memory. Throws `EtcdError`. */
  members(): Promise<MemberList>;
  /**
   * The own member's `/metrics` page, parsed to the families that the agent reads. Throws `EtcdError`: `ETCD_WRONG_MEMBER`
   * where it is another member's.
   */
  metricsPage(): Promise<MetricsPage>;
}
