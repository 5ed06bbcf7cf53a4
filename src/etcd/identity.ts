import { EtcdError } from './errors.ts';
import type { ReplyHeader } from './types.ts';

/** What was asked of whom, and who answered. */
export interface ExpectedMember {
  /** Its name, for the error. */
  readonly member: string;
  readonly memberId: string;
  readonly endpoint: string;
}

/**
 * Makes sure that the very member answered that was meant: behind a load balancer, or where members advertise the same
 * URL, any of them may. Throws `ETCD_WRONG_MEMBER`.
 */
export function expectMember(reply: { readonly header: ReplyHeader }, expected: ExpectedMember): void {
  const answeredBy = reply.header.memberId;
  if (answeredBy === expected.memberId) return;
  const meant = `member ${expected.member} (id ${expected.memberId})`;
  const message = `Asked ${meant} at ${expected.endpoint}, but the member with id ${answeredBy} answered`;
  throw new EtcdError('ETCD_WRONG_MEMBER', message, { member: expected.member });
}
