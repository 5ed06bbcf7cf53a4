import type { MemberClient } from './member-client.ts';
import { type CallPermit, permitted } from './permitted-call.ts';
import type { AlarmEntry, ReplyHeader } from './types.ts';

/**
 * The calls that change a cluster or weigh on it, each made once on the very member that the client stands for. They go
 * through the `etcd3` package, which only the agent that leads ever loads.
 */

/** AlarmRequest.AlarmAction and AlarmType, in etcd's rpc.proto. */
const DEACTIVATE = 2;
const ALARM_TYPES = { NOSPACE: 1, CORRUPT: 2 } as const;

/** Makes the history before `revision` go, and comes back when it is gone from the disk. Throws `ETCD_COMPACTED` where it was gone already. */
export async function compact(client: MemberClient, revision: bigint, permit?: CallPermit): Promise<void> {
  await permitted(client, permit, ({ kv }, options) =>
    kv.compact({ revision: String(revision), physical: true }, { ...options, deadline: Number.POSITIVE_INFINITY }),
  );
}

/**
 * Rewrites the member's database. It has no deadline: etcd goes on whoever gives up, and whoever gave up would take the
 * member for idle. Where the connection breaks, the outcome is unknown.
 */
export async function defragment(client: MemberClient, permit?: CallPermit): Promise<void> {
  await permitted(client, permit, ({ maintenance }, options) =>
    maintenance.defragment({ ...options, deadline: Number.POSITIVE_INFINITY }),
  );
}

/** Gives the raft leadership to a voter; only the raft leader takes this call. @param targetId hexadecimal */
export async function moveLeader(client: MemberClient, targetId: string, permit?: CallPermit): Promise<void> {
  await permitted(client, permit, ({ maintenance }, options) =>
    maintenance.moveLeader({ targetID: String(BigInt(`0x${targetId}`)) }, options),
  );
}

/** Takes back exactly this alarm of exactly this member. The empty request would take back all, CORRUPT too. */
export async function disarm(
  client: MemberClient,
  { memberId, alarm }: AlarmEntry,
  permit?: CallPermit,
): Promise<void> {
  const request = { action: DEACTIVATE, memberID: String(BigInt(`0x${memberId}`)), alarm: ALARM_TYPES[alarm] };
  await permitted(client, permit, ({ maintenance }, options) => maintenance.alarm(request, options));
}

/** Hash of all keys and their history up to a revision; comparable only at one revision and one compact revision. */
export interface KeyspaceHash {
  readonly header: ReplyHeader;
  readonly hash: number;
  readonly compactRevision: bigint;
}

/** Blocks writes through the member while it runs (0.7 s at 1.4 GB, measured on 3.5.30). Learners refuse it. */
export function hashKeyspace(client: MemberClient, revision: bigint, permit?: CallPermit): Promise<KeyspaceHash> {
  return permitted(client, permit, async ({ maintenance, headerOf }, options) => {
    const reply = await maintenance.hashKV(
      { revision: String(revision) },
      { ...options, deadline: Number.POSITIVE_INFINITY },
    );
    return { header: headerOf(reply), hash: Number(reply.hash), compactRevision: BigInt(reply.compact_revision) };
  });
}
