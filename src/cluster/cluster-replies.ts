import type { MemberStatus } from './sections.ts';

/** A member as the member list has it. */
export interface ListedPeer {
  readonly id: string;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** What one endpoint answered to Status: a status, or why there is none. */
export interface EndpointReply {
  readonly endpoint: string;
  readonly status?: MemberStatus;
  readonly fault?: { readonly code: string; readonly message: string };
}

/** Everything that one round learned of the cluster. */
export interface ClusterReplies {
  /** Name of the own member, where it did not answer. */
  readonly silentMember?: string;
  readonly clusterId: string;
  readonly linearizable: boolean;
  readonly listed: readonly ListedPeer[];
  readonly replies: readonly EndpointReply[];
  /** Absent when no member could be asked for them. */
  readonly alarms?: readonly { readonly memberId: string; readonly alarm: 'NOSPACE' | 'CORRUPT' }[];
}

/** The name that people know a member by: its own, or its id until it has been started once. */
export function displayName(member: { readonly id: string; readonly name: string }): string {
  return member.name === '' ? member.id : member.name;
}

/** The fault of a member that answers but gives its status to the root role only, as 3.5.28 to 3.5.31 do: it is not down. */
export const statusRefusal = 'ETCD_PERMISSION_DENIED';
