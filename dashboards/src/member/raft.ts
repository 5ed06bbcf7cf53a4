import { CountsPerSecond, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { ofAgent, ofEtcd, ofMember, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';

/** Where it stands in the log, and what of raft it is late with. */
export const raftPanels = [
  seriesPanel({
    title: 'Behind the cluster',
    shows: 'Raft entries and revisions that it is behind the highest seen in the same round.',
    normal: 'under 100.',
    otherwise: 'grows: it cannot follow. See its disk, then the round trip from the raft leader.',
    alerts: ['EtcdFollowerLag'],
    unit: Short,
    queries: [
      { expr: `max(${ofMember('etcd_caretaker_member_raft_index_lag')})`, legend: 'entries' },
      { expr: `max(${ofMember('etcd_caretaker_member_revision_lag')})`, legend: 'revisions' },
      {
        expr: `max(${ofMember('etcd_caretaker_member_raft_index')} - ${ofMember('etcd_caretaker_member_raft_applied_index')})`,
        legend: 'not yet applied',
      },
    ],
    limits: { warning: 1000, critical: 4000 },
    min: 0,
  }),
  seriesPanel({
    title: 'Raft term and leadership',
    shows: 'The highest term that its agent has seen, and whether this member leads (1).',
    normal: 'both level for days.',
    otherwise:
      'a staircase: elections. If it loses the leadership each time, its disk or its CPU holds up the heartbeats.',
    alerts: ['EtcdLeaderFlapping', 'EtcdNoLeader'],
    unit: Short,
    queries: [
      { expr: `max(${ofAgent('etcd_caretaker_raft_term')})`, legend: 'term' },
      { expr: `max(${ofEtcd('etcd_server_is_leader')})`, legend: 'leads' },
      { expr: `max(${ofEtcd('etcd_server_has_leader')})`, legend: 'knows a leader' },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Proposals',
    shows:
      'Entries that it has committed each second, writes that wait here, and writes each second that were given up.',
    normal: 'commits follow the load; a few pending; none failed.',
    otherwise: 'pending and no commits: no quorum. Failed: clients get errors; see gRPC below.',
    alerts: ['EtcdProposalsFailing'],
    unit: Short,
    queries: [
      { expr: `max(${rate(ofEtcd('etcd_server_proposals_committed_total'))})`, legend: 'committed/s' },
      { expr: `max(${ofEtcd('etcd_server_proposals_pending')})`, legend: 'pending' },
      { expr: `max(${rate(ofEtcd('etcd_server_proposals_failed_total'))})`, legend: 'failed/s' },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Slow work',
    shows:
      'Applies that etcd calls slow (over 100 ms by default), read indexes that were late, and heartbeats that could not be sent in time, each second.',
    normal: '0.',
    otherwise:
      'applies: a large request, or the backend. Read indexes: the quorum. Heartbeats: this machine has no CPU, or its disk stalls.',
    alerts: ['EtcdCommitSlow', 'EtcdLeaderFlapping'],
    unit: CountsPerSecond,
    queries: [
      { expr: `max(${rate(ofEtcd('etcd_server_slow_apply_total'))})`, legend: 'slow applies' },
      { expr: `max(${rate(ofEtcd('etcd_server_slow_read_indexes_total'))})`, legend: 'slow read indexes' },
      { expr: `max(${rate(ofEtcd('etcd_server_heartbeat_send_failures_total'))})`, legend: 'late heartbeats' },
    ],
    width: 12,
    min: 0,
  }),
  seriesPanel({
    title: 'Linearizable read through it',
    shows:
      'What a read that a quorum confirms took through this member, with the connection, login and repeats it needed.',
    normal: 'under 50 ms.',
    otherwise: 'here only: the link to the raft leader. Everywhere: the leader. A gap: it failed.',
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnSlow'],
    unit: Seconds,
    queries: [{ expr: `max(${ofAgent('etcd_caretaker_linearizable_read_seconds')})`, legend: 'read' }],
    limits: { warning: 0.1, critical: 0.5 },
    width: 12,
    min: 0,
  }),
];
