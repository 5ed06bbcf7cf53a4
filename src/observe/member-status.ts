import type { MemberStatus } from '../cluster/sections.ts';
import type { StatusReply } from '../etcd/types.ts';

/** A Status reply in the words of an observation. */
export function memberStatusOf(reply: StatusReply): MemberStatus {
  return {
    memberId: reply.header.memberId,
    clusterId: reply.header.clusterId,
    version: reply.version,
    revision: reply.header.revision,
    raftTerm: reply.raftTerm,
    raftIndex: reply.raftIndex,
    raftAppliedIndex: reply.raftAppliedIndex,
    leaderId: reply.leaderId,
    isLeader: reply.leaderId !== '0' && reply.leaderId === reply.header.memberId,
    isLearner: reply.isLearner,
    dbSizeBytes: reply.dbSizeBytes,
    dbSizeInUseBytes: reply.dbSizeInUseBytes,
    ...(reply.dbSizeQuotaBytes === undefined ? {} : { dbSizeQuotaBytes: reply.dbSizeQuotaBytes }),
    errors: reply.errors,
  };
}
