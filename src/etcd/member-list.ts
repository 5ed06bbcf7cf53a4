import { within } from '../abort/linked-abort.ts';
import { meansNoQuorum } from './no-quorum.ts';
import type { LinearizableRead, MemberList } from './types.ts';
import { MEMBER_LIST } from './wire/cluster.ts';
import type { Method } from './wire/method.ts';

interface MemberListNeeds {
  readonly linearizableRead: (signal: AbortSignal) => Promise<LinearizableRead>;
  readonly call: <Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    signal?: AbortSignal,
  ) => Promise<Reply>;
  /** How long to wait for a quorum before the member's memory has to do. */
  readonly linearizableTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The member list as the quorum has it; where there is none, as the member remembers it.
 *
 * Etcd >= 3.5 has a linearizable MemberList: it waits for a read index, then answers from memory. Etcd 3.4 ignores the
 * field and answers from memory at once. A linearizable read of a key on the same member just before does the waiting on
 * every version: once it has come back, the member has applied whatever was committed when it was asked.
 */
export async function readMemberList(needs: MemberListNeeds): Promise<MemberList> {
  try {
    return await within([needs.signal], needs.linearizableTimeoutMs, async (signal) => {
      await needs.linearizableRead(signal);
      const { header, members } = await needs.call(MEMBER_LIST, { linearizable: true }, signal);
      return { header, members, linearizable: true };
    });
  } catch (error) {
    if (needs.signal?.aborted === true || !meansNoQuorum(error)) throw error;
    const { header, members } = await needs.call(MEMBER_LIST, { linearizable: false }, needs.signal);
    return { header, members, linearizable: false };
  }
}
