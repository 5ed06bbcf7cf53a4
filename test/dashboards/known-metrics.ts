import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './dashboard-files.ts';

const root = join(folder, '..');

/** The rules of the alerts, which also record some series; where they are not there, nothing records. */
export const rulesFile = join(root, 'alerts', 'etcd-caretaker.rules.yaml');

/**
 * Metrics of etcd that 3.4, 3.5 and 3.6 have under the same names, and nothing that a newer version has dropped. That 3.4 and 3.5 have
 * them is seen in queries.test.ts.
 */
export const OF_ETCD: ReadonlySet<string> = new Set([
  ...['etcd_server_has_leader', 'etcd_server_heartbeat_send_failures_total', 'etcd_server_id', 'etcd_server_is_leader'],
  ...['etcd_server_proposals_committed_total', 'etcd_server_proposals_failed_total', 'etcd_server_proposals_pending'],
  ...['etcd_server_slow_apply_total', 'etcd_server_slow_read_indexes_total'],
  ...['etcd_disk_wal_fsync_duration_seconds_bucket', 'etcd_disk_backend_commit_duration_seconds_bucket'],
  // Since 3.4.18 and 3.5.2.
  'etcd_disk_defrag_inflight',
  ...[
    'etcd_mvcc_db_total_size_in_bytes',
    'etcd_mvcc_db_total_size_in_use_in_bytes',
    'etcd_mvcc_db_open_read_transactions',
  ],
  ...['etcd_network_client_grpc_received_bytes_total', 'etcd_network_client_grpc_sent_bytes_total'],
  ...['etcd_network_peer_received_bytes_total', 'etcd_network_peer_sent_bytes_total'],
  ...['etcd_debugging_mvcc_current_revision', 'etcd_debugging_mvcc_compact_revision', 'etcd_debugging_mvcc_keys_total'],
  ...['etcd_debugging_mvcc_watcher_total', 'etcd_debugging_mvcc_watch_stream_total'],
  ...['etcd_debugging_mvcc_slow_watcher_total', 'etcd_debugging_mvcc_pending_events_total'],
  ...[
    'etcd_debugging_lease_granted_total',
    'etcd_debugging_lease_revoked_total',
    'etcd_debugging_server_lease_expired_total',
  ],
  ...['grpc_server_started_total', 'grpc_server_handled_total', 'go_goroutines'],
]);

const listed: ReadonlySet<string> = new Set(
  [...readFileSync(join(root, 'docs', 'metrics.md'), 'utf8').matchAll(/^\| `(\w+)`/gm)].map((match) => match[1] ?? ''),
);

const recorded: ReadonlySet<string> = new Set(
  existsSync(rulesFile)
    ? [...readFileSync(rulesFile, 'utf8').matchAll(/^\s*- record: (\S+)/gm)].map((match) => match[1] ?? '')
    : [],
);

/** The name under which docs/metrics.md has it: that of the histogram. */
export function baseOf(metric: string): string {
  return metric.replace(/_(?:bucket|sum|count)$/, '');
}

/** Whether something exposes or records the metric today: agents, etcd, Prometheus itself, or a rule. */
export function isListed(metric: string): boolean {
  return metric === 'ALERTS' || listed.has(baseOf(metric)) || OF_ETCD.has(metric) || recorded.has(metric);
}
