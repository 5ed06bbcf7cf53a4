import { EtcdError, type EtcdErrorCode } from './errors.ts';

const CODES: ReadonlySet<EtcdErrorCode> = new Set<EtcdErrorCode>([
  'ETCD_DEADLINE',
  'ETCD_LEADER_CHANGED',
  'ETCD_NO_LEADER',
  'ETCD_TIMED_OUT',
]);

/** Whether a read through the quorum has failed for want of one. Any other failure says nothing about the quorum. */
export function meansNoQuorum(error: unknown): boolean {
  return error instanceof EtcdError && CODES.has(error.code);
}
