import { CountsPerSecond, Short } from '@grafana/grafana-foundation-sdk/units';
import { byServersMember, ofCluster, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';

/** Raft: elections, who is behind, and what was proposed in vain. */
export const consensusPanels = [
  seriesPanel({
    title: 'Raft term',
    shows: 'The highest raft term that an agent has seen. Each election raises it, and no restart resets it.',
    normal: 'level for days; up by one or two where a member was restarted or leadership moved.',
    otherwise:
      'a staircase: elections again and again. Look for slow fsyncs on the raft leader and for round trips over 100 ms.',
    alerts: ['EtcdLeaderFlapping'],
    unit: Short,
    queries: [{ expr: `max(${ofCluster('etcd_caretaker_raft_term')})`, legend: 'term' }],
  }),
  seriesPanel({
    title: 'Entries behind',
    shows: 'Raft entries that each member is behind the highest index seen in the same round.',
    normal: 'under 100; more for a member that has just started.',
    otherwise: 'one grows: its disk or its link cannot follow. At 5000 not yet applied, etcd refuses writes.',
    alerts: ['EtcdFollowerLag', 'EtcdApplyBacklog'],
    unit: Short,
    queries: [{ expr: `max by (member) (${ofCluster('etcd_caretaker_member_raft_index_lag')})`, legend: '{{member}}' }],
    limits: { warning: 1000, critical: 5000 },
    min: 0,
  }),
  seriesPanel({
    title: 'Committed, not applied',
    shows: 'Entries that each member has, and has not applied to its database yet.',
    normal: 'under 100.',
    otherwise:
      'the backend is slow: see backend commits, a large range, or a defragmentation under way. At 5000 etcd refuses writes.',
    alerts: ['EtcdApplyBacklog'],
    unit: Short,
    queries: [
      {
        expr:
          `max by (member) (${ofCluster('etcd_caretaker_member_raft_index')} - ` +
          `${ofCluster('etcd_caretaker_member_raft_applied_index')})`,
        legend: '{{member}}',
      },
    ],
    limits: { warning: 1000, critical: 4000 },
    min: 0,
  }),
  seriesPanel({
    title: 'Commits',
    shows: 'Raft entries that the cluster has committed each second.',
    normal: 'follows the writes of your clients; the same for all members.',
    otherwise: 'to 0 with writes pending: no quorum. A jump: see which prefix is written to, in Keyspace.',
    unit: CountsPerSecond,
    queries: [
      {
        expr: byServersMember(`max by (instance) (${rate(ofCluster('etcd_server_proposals_committed_total'))})`),
        legend: '{{member}}',
      },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Proposals pending and failed',
    shows: 'Writes that wait to be committed, and writes each second that were given up.',
    normal: 'a few pending; none failed, but for seconds at an election.',
    otherwise: 'pending rises: the raft leader’s disk or the quorum. Failed rises: clients get errors.',
    alerts: ['EtcdProposalsFailing'],
    unit: Short,
    queries: [
      {
        expr: byServersMember(`max by (instance) (${ofCluster('etcd_server_proposals_pending')})`),
        legend: '{{member}} pending',
      },
      {
        expr: byServersMember(`max by (instance) (${rate(ofCluster('etcd_server_proposals_failed_total'))})`),
        legend: '{{member}} failed/s',
      },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Heartbeats sent late',
    shows: 'Heartbeats that the raft leader could not send in time, each second.',
    normal: '0.',
    otherwise:
      'the leader’s machine has no CPU, or its disk holds it up. The agents move the leadership away from a bad disk.',
    alerts: ['EtcdLeaderFlapping'],
    unit: CountsPerSecond,
    queries: [
      {
        expr: byServersMember(`max by (instance) (${rate(ofCluster('etcd_server_heartbeat_send_failures_total'))})`),
        legend: '{{member}}',
      },
    ],
    min: 0,
  }),
];
