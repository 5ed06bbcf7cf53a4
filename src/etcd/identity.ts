import { EtcdError } from './errors.ts';
import type { MetricsPage, ReplyHeader } from './types.ts';

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
  expectId(reply.header.memberId, expected);
}

/** The family of a metrics page by which `expectMemberPage` knows whose it is. */
export const serverIdFamily = 'etcd_server_id';

/**
 * The same for a metrics page, which says the id in a label; `endpoint` is its URL. A page that says none passes: whether
 * it is one of etcd at all is for its readers to see. Throws `ETCD_WRONG_MEMBER`.
 */
export function expectMemberPage(page: MetricsPage, expected: ExpectedMember): void {
  const id = page.samples.get(serverIdFamily)?.[0]?.labels['server_id'];
  if (id !== undefined) expectId(id, expected);
}

function expectId(answeredBy: string, expected: ExpectedMember): void {
  if (answeredBy === expected.memberId) return;
  const meant = `member ${expected.member} (id ${expected.memberId})`;
  const message = `Asked ${meant} at ${expected.endpoint}, but the member with id ${answeredBy} answered`;
  throw new EtcdError('ETCD_WRONG_MEMBER', message, { member: expected.member });
}
