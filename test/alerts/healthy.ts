/** One series of a healthy cluster: its metric, labels, and its value as `values.ts` reads it. */
export interface HealthySeries {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly member: string;
  readonly values: string;
}

const DAY = 86_400;
const GIB = 2 ** 30;

/** Targets as alerts/README.md says that they are to be labelled. */
export function targetLabels(metric: string, member: string): Readonly<Record<string, string>> {
  const ofAgent = metric.startsWith('etcd_caretaker_');
  const host = `10.0.0.${member.slice(1)}`;
  return ofAgent
    ? { cluster: 'prod', job: 'etcd-caretaker', instance: `${host}:9379` }
    : { cluster: 'prod', job: 'etcd', instance: `${host}:2379` };
}

/** What the agents and the members of a healthy cluster export of all that the alerts look at, one sample a minute. m1 leads. */
export function healthyCluster(members: readonly string[]): readonly HealthySeries[] {
  return members.flatMap((member) =>
    [...ofAgent(member, members), ...ofEtcd(member)].map(([metric, labels, values]) => ({
      ...{ metric, member, values },
      labels: { ...labels, ...targetLabels(metric, member) },
    })),
  );
}

type Row = readonly [metric: string, labels: Readonly<Record<string, string>>, values: string];

function ofAgent(member: string, members: readonly string[]): readonly Row[] {
  const others = members.filter((each) => each !== member);
  const leads = member === 'm1';
  const rows: Row[] = [
    ['agent_info', { member, exported_cluster: 'prod' }, '1'],
    ['up', {}, '1'],
    ['rounds_total', {}, '0+6'],
    ['collector_success', { collector: 'disk' }, '1'],
    ['collector_success', { collector: 'peers' }, '1'],
    ['cluster_info', { cluster_id: 'cdf818194e3a8c32', name: 'prod' }, '1'],
    ['cluster_voters_reachable', {}, String(members.length)],
    ['cluster_quorum_size', {}, String(Math.floor(members.length / 2) + 1)],
    ['cluster_members', { role: 'voter' }, String(members.length)],
    ['cluster_members', { role: 'learner' }, '0'],
    ['cluster_has_leader', {}, '1'],
    ['cluster_member_list_linearizable', {}, '1'],
    ['raft_term', {}, '7'],
    ['leader', {}, leads ? '1' : '0'],
    ['paused', {}, '0'],
    ['operation_in_progress', { operation: 'defrag' }, '0'],
    ['operation_in_progress', { operation: 'replace' }, '0'],
    ['defrag_in_flight', {}, '0'],
    ['hash_check_timestamp_seconds', {}, '0'],
    ['hash_mismatch', {}, '0'],
    ['canary_requests_total', { operation: 'read', outcome: 'succeeded' }, '0+6'],
    ['canary_requests_total', { operation: 'read', outcome: 'failed' }, '0'],
    ['canary_requests_total', { operation: 'read', outcome: 'slow' }, '0'],
    ['quota_bytes', {}, String(8 * GIB)],
    ['db_size_bytes', {}, String(3 * GIB)],
    ['db_size_in_use_bytes', {}, String(2 * GIB)],
    ['quota_used_ratio', {}, '0.375'],
    ['process_start_time_seconds', {}, '-1000'],
    ['process_open_fds', {}, '90'],
    ['process_max_fds', {}, '65536'],
    ['election_timeout_seconds', {}, '1'],
    ['host_memory_bytes', {}, String(16 * GIB)],
    ['host_memory_available_bytes', {}, String(9 * GIB)],
    ['filesystem_size_bytes', { role: 'data' }, String(100 * GIB)],
    ['filesystem_available_bytes', { role: 'data' }, String(60 * GIB)],
    ['filesystem_files', { role: 'data' }, '6000000'],
    ['filesystem_files_free', { role: 'data' }, '5900000'],
    ['filesystem_read_only', { role: 'data' }, '0'],
    ['disk_io_time_seconds_total', { device: 'nvme0n1', role: 'data' }, '0+6'],
    ['disk_write_time_seconds_total', { device: 'nvme0n1', role: 'data' }, '0+3'],
    ['disk_writes_completed_total', { device: 'nvme0n1', role: 'data' }, '0+3000'],
    ['certificate_not_before_seconds', { role: 'served-peer', subject: `CN=${member}` }, String(-100 * DAY)],
    ['certificate_not_after_seconds', { role: 'served-peer', subject: `CN=${member}` }, String(265 * DAY)],
    ['backup_full_interval_seconds', {}, '21600'],
    ['drill_interval_seconds', {}, String(DAY)],
    ['drill_last_success_timestamp_seconds', {}, '0'],
    ...members.flatMap((each): readonly Row[] => [
      ['member_reachable', { member: each }, '1'],
      ['member_is_learner', { member: each }, '0'],
      ['member_raft_index', { member: each }, '1000+600'],
      ['member_raft_applied_index', { member: each }, '999+600'],
      ['member_raft_index_lag', { member: each }, '2'],
    ]),
    ...others.flatMap((peer): readonly Row[] => [
      ['peer_reachable', { peer, probe: 'tcp' }, '1'],
      ['peer_clock_skew_seconds', { peer }, '0.002'],
      ['peer_clock_skew_error_seconds', { peer }, '0.001'],
      ['peer_rtt_seconds_bucket', { peer, probe: 'tcp', le: '0.05' }, '0+6'],
      ['peer_rtt_seconds_bucket', { peer, probe: 'tcp', le: '0.1' }, '0+6'],
      ['peer_rtt_seconds_bucket', { peer, probe: 'tcp', le: '0.5' }, '0+6'],
      ['peer_rtt_seconds_bucket', { peer, probe: 'tcp', le: '+Inf' }, '0+6'],
    ]),
  ];
  const backups: readonly Row[] = [
    ['backup_last_success_timestamp_seconds', { kind: 'full' }, '0'],
    ['backup_unprotected_seconds', {}, '1'],
    ['backup_unprotected_revisions', {}, '12'],
  ];
  return [...rows, ...(leads ? backups : [])].map(([name, ...rest]) => [`etcd_caretaker_${name}`, ...rest]);
}

function ofEtcd(member: string): readonly Row[] {
  return [
    ['up', {}, '1'],
    ['etcd_server_has_leader', {}, '1'],
    ['etcd_server_is_leader', {}, member === 'm1' ? '1' : '0'],
    ['etcd_server_is_learner', {}, '0'],
    ['etcd_server_leader_changes_seen_total', {}, member === 'm1' ? '900' : '3'],
    ['etcd_server_proposals_failed_total', {}, '0'],
    ['etcd_server_proposals_committed_total', {}, '1000+600'],
    ['etcd_server_proposals_applied_total', {}, '999+600'],
    ['etcd_server_quota_backend_bytes', {}, String(8 * GIB)],
    ['etcd_mvcc_db_total_size_in_bytes', {}, String(3 * GIB)],
    ['etcd_mvcc_db_total_size_in_use_in_bytes', {}, String(2 * GIB)],
    ['etcd_disk_defrag_inflight', {}, '0'],
    ['process_start_time_seconds', {}, '-1000'],
    ['process_open_fds', {}, '90'],
    ['process_max_fds', {}, '65536'],
    ['grpc_server_started_total', { grpc_service: 'etcdserverpb.KV', grpc_method: 'Range' }, '0+3000'],
    ...histogram('etcd_disk_wal_fsync_duration_seconds', ['0.016', '0.512'], 600),
    ...histogram('etcd_disk_backend_commit_duration_seconds', ['0.032', '0.512'], 600),
  ];
}

/** All of them fast. @param perMinute observations a minute */
function histogram(name: string, edges: readonly string[], perMinute: number): readonly Row[] {
  const values = `0+${perMinute}`;
  return [...[...edges, '+Inf'].map((le): Row => [`${name}_bucket`, { le }, values]), [`${name}_count`, {}, values]];
}
