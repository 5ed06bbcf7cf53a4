import type { ListedMember, StatusReply } from '../../src/etcd/types.ts';
import type { Round } from '../../src/observe/collector.ts';
import type { RealCluster } from '../real/cluster.ts';

const refused = (): never => {
  throw new Error('not asked for in this test');
};

/** A round whose sources know these members; `own` is the id of the own one. */
export const roundOf = (members: readonly ListedMember[], own: string): Round => {
  const header = { clusterId: 'c', memberId: own, revision: 1n, raftTerm: 1n };
  const status: StatusReply = {
    header,
    version: '3.5.30',
    dbSizeBytes: 0,
    dbSizeInUseBytes: 0,
    leaderId: own,
    raftIndex: 1n,
    raftTerm: 1n,
    raftAppliedIndex: 1n,
    errors: [],
    isLearner: false,
  };
  return {
    startedAtMs: Date.now(),
    signal: AbortSignal.timeout(100_000),
    sources: {
      status: async () => status,
      members: async () => ({ header, members, linearizable: true }),
      ownReply: async () => status,
      ownId: async () => own,
      metricsPage: async () => refused(),
    },
  };
};

/** A round in which the own member does not answer. */
export const roundWithoutMember = (): Round => {
  const round = roundOf([], '0');
  const fail = async (): Promise<never> => {
    throw Object.assign(new Error('the own member does not answer'), { code: 'ETCD_UNREACHABLE' });
  };
  return { ...round, sources: { ...round.sources, status: fail, ownReply: fail, ownId: fail, members: fail } };
};

export const listed = (id: string, name: string, peerUrls: readonly string[] = []): ListedMember => ({
  id,
  name,
  peerUrls,
  clientUrls: [],
  isLearner: false,
});

/** The members of a real cluster; their names serve as ids. */
export const membersOf = (cluster: RealCluster): readonly ListedMember[] =>
  cluster.members.map(({ name, peerUrl, endpoint }) => ({
    id: name,
    name,
    peerUrls: [peerUrl],
    clientUrls: [endpoint],
    isLearner: false,
  }));
