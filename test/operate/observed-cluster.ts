import { statfs } from 'node:fs/promises';
import { assembleCluster } from '../../src/cluster/assemble.ts';
import type { AgentRecord } from '../../src/cluster/caretaking.ts';
import { displayName } from '../../src/cluster/cluster-replies.ts';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import type { MemberClient } from '../../src/etcd/member-client.ts';
import { fetchMetricsPage } from '../../src/etcd/metrics-page.ts';
import { memberStatusOf } from '../../src/observe/member-status.ts';
import type { ClusterOptions, RealCluster } from '../real/cluster.ts';

/** Where to look. */
export interface Looked {
  readonly cluster: RealCluster;
  readonly clients: readonly MemberClient[];
  readonly metricsUrl: (index: number) => string;
  readonly options: ClusterOptions;
}

/** The state of a real cluster, as agents would put it together. */
export async function look({ cluster, clients, metricsUrl, options }: Looked): Promise<ClusterState> {
  const replies = await Promise.all(
    clients.map(async (client) => {
      try {
        return { endpoint: client.endpoint, status: memberStatusOf(await client.status(AbortSignal.timeout(2000))) };
      } catch (error) {
        return { endpoint: client.endpoint, fault: { code: 'ETCD_UNREACHABLE', message: String(error) } };
      }
    }),
  );
  const answering = clients.find((_, index) => replies[index]?.status !== undefined);
  if (answering === undefined) throw new Error('no member answers');
  const [list, alarms] = await Promise.all([answering.memberList(), answering.alarms()]);
  // Behind a proxy a member advertises another URL than the one that was asked.
  const listed = list.members.map((member) => {
    const index = Number(member.name.slice(1)) - 1;
    // What was never started has no name yet, and is asked nothing.
    return { ...member, clientUrls: index < 0 ? [] : [clients[index]?.endpoint ?? ''] };
  });
  const { clusterId } = list.header;
  const section = assembleCluster({ clusterId, linearizable: list.linearizable, listed, replies, alarms });
  const members = await Promise.all(
    section.members.map(async (member): Promise<MemberState> => {
      const index = Number(member.name.slice(1)) - 1;
      const { status } = member;
      const page = await fetchMetricsPage({
        member: member.name,
        url: index < 0 ? '' : metricsUrl(index),
        families: ['etcd_debugging_mvcc_compact_revision'],
        timeoutMs: 2000,
      }).catch(() => undefined);
      const compacted = page?.samples.get('etcd_debugging_mvcc_compact_revision')?.[0]?.value;
      const disk = await statfs(cluster.folder);
      return {
        ...{ id: member.id, name: displayName(member), clientUrls: member.clientUrls, peerUrls: member.peerUrls },
        ...{ isLearner: member.isLearner, isLeader: member.id === section.leaderId },
        ...{ reachable: member.reachable, healthy: member.healthy },
        ...(member.raftIndexLagEntries === undefined ? {} : { lagEntries: member.raftIndexLagEntries }),
        ...(status === undefined
          ? {}
          : {
              version: status.version,
              revision: status.revision,
              dbSizeBytes: status.dbSizeBytes,
              dbSizeInUseBytes: status.dbSizeInUseBytes,
            }),
        quotaBytes: options.quotaBytes ?? 2 * 2 ** 30,
        agent: agentOf(member.id, member.name),
        observed: {
          ageSeconds: 0,
          dataAvailableBytes: disk.bavail * disk.bsize,
          ...(compacted === undefined ? {} : { compactRevision: BigInt(compacted) }),
        },
      };
    }),
  );
  const revision = members.reduce((most, { revision: seen = 0n }) => (seen > most ? seen : most), 0n);
  return {
    ...{
      nowMs: Date.now(),
      monotonicMs: performance.now(),
      clusterId,
      linearizable: section.linearizable,
      members,
      candidates: [],
    },
    ...{ voters: section.voters, learners: section.learners, votersReachable: section.votersReachable },
    ...{
      quorumSize: section.quorumSize,
      raftTerm: section.raftTerm ?? 0n,
      termStableSeconds: 60,
      membersStableSeconds: 60,
    },
    ...(section.leaderId === undefined ? {} : { leaderId: section.leaderId }),
    ...{ revision, alarms: section.alarms, alarmsUnknown: false, revisions: [], foreign: [] },
    ...{ kubernetesCompacts: false, largestPrefixes: [], history: [], requests: [], readySeconds: 60 },
    ...{ resumedRevision: 0n, unreadable: [] },
  };
}

function agentOf(memberId: string, member: string): AgentRecord {
  const same = { instance: 'i', version: '0', operations: {}, role: 'default' as const, startedAtMs: 0 };
  return { memberId, member, ...same };
}
