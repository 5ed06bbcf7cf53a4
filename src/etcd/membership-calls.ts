import type { MemberClient } from './member-client.ts';
import { type CallPermit, permitted } from './permitted-call.ts';

/**
 * The calls that change the member list, each made once. Whoever does not get an answer reads the list: it alone says whether
 * the call went in. Ids are hexadecimal.
 */

/** Lists a new member that has no vote. Gives its id. Throws `ETCD_REFUSED` where a peer URL is listed already, or a learner is. */
export function addLearner(client: MemberClient, peerUrls: readonly string[], permit?: CallPermit): Promise<string> {
  return permitted(client, permit, async ({ cluster }, options) => {
    const reply = await cluster.memberAdd({ peerURLs: [...peerUrls], isLearner: true }, options);
    return BigInt(reply.member.ID).toString(16);
  });
}

/** Removes a member for good. */
export async function removeMember(client: MemberClient, memberId: string, permit?: CallPermit): Promise<void> {
  await permitted(client, permit, ({ cluster }, options) => cluster.memberRemove({ ID: decimal(memberId) }, options));
}

/** Gives a learner its vote; refused while it has less than 0.9 of the raft leader's log. */
export async function promoteLearner(client: MemberClient, memberId: string, permit?: CallPermit): Promise<void> {
  await permitted(client, permit, ({ cluster }, options) => cluster.memberPromote({ ID: decimal(memberId) }, options));
}

/** Changes where a member is reached. Etcd below 3.5.31 and 3.6.12 promotes a learner by it: see `version-hazards.ts`. */
export async function updatePeerUrls(
  client: MemberClient,
  memberId: string,
  peerUrls: readonly string[],
  permit?: CallPermit,
): Promise<void> {
  const request = { ID: decimal(memberId), peerURLs: [...peerUrls] };
  await permitted(client, permit, ({ cluster }, options) => cluster.memberUpdate(request, options));
}

function decimal(memberId: string): string {
  return String(BigInt(`0x${memberId}`));
}
