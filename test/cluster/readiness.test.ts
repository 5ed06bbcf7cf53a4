import { expect, it } from 'vitest';
import { assembleCluster } from '../../src/cluster/assemble.ts';
import type { ListedPeer } from '../../src/cluster/cluster-replies.ts';
import { isReady } from '../../src/cluster/readiness.ts';
import type { ClusterSection } from '../../src/cluster/sections.ts';
import { agent } from '../decide/states.ts';

const url = (n: number) => `http://127.0.0.1:${n}0`;
const listed = [1, 2, 3].map(
  (n): ListedPeer => ({ id: `${n}`, name: `m${n}`, peerUrls: [], clientUrls: [url(n)], isLearner: false }),
);

function cluster(
  silent: number | undefined,
  more: { linearizable?: boolean; learner?: number; corrupt?: string } = {},
): ClusterSection {
  const { linearizable = true, learner, corrupt } = more;
  return assembleCluster({
    clusterId: 'c1',
    linearizable,
    listed: listed.map((one) => ({ ...one, isLearner: one.id === `${learner}` })),
    replies: [1, 2, 3].map((n) =>
      n === silent
        ? { endpoint: url(n), fault: { code: 'ETCD_UNREACHABLE', message: 'refused' } }
        : {
            endpoint: url(n),
            status: {
              memberId: `${n}`,
              clusterId: 'c1',
              version: '3.5.30',
              revision: 1n,
              raftTerm: 1n,
              raftIndex: 1n,
              raftAppliedIndex: 1n,
              leaderId: '1',
              isLeader: n === 1,
              isLearner: n === learner,
              dbSizeBytes: 1,
              dbSizeInUseBytes: 1,
              errors: [],
            },
          },
    ),
    alarms: corrupt === undefined ? [] : [{ memberId: corrupt, alarm: 'CORRUPT' }],
  });
}

const agents = [agent(1), agent(2), agent(3)];

it.each<[string, ClusterSection, typeof agents, boolean]>([
  ['is ready with an agent and health everywhere', cluster(undefined), agents, true],
  ['is not while an agent is missing', cluster(undefined), agents.slice(1), false],
  ['is not for agents of other members', cluster(undefined), [agent(1), agent(2), agent(9)], false],
  ['is not while a member does not answer', cluster(3), agents, false],
  ['is not while there is a learner', cluster(undefined, { learner: 3 }), agents, false],
  ['is not under CORRUPT', cluster(undefined, { corrupt: '2' }), agents, false],
  ['is not on a list that no quorum gave', cluster(undefined, { linearizable: false }), agents, false],
  ['is not without members', { ...cluster(undefined), voters: 0, members: [] }, agents, false],
])('the cluster %s', (_name, given, registered, expected) => {
  expect(isReady(given, registered)).toBe(expected);
});
