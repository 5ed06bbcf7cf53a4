import type { MemberClient } from '../../etcd/member-client.ts';

/** What the capture asks of a member. */
export type CaptureClient = Pick<MemberClient, 'watch' | 'range' | 'status' | 'leaseTimes' | 'authStatus'>;

/** One zero byte: as a key the lowest one, as an end everything. */
export const ZERO_KEY = Buffer.from([0]);
