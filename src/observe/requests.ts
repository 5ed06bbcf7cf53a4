import type { MethodCalls, RequestsSection } from '../cluster/sections.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { MetricsPage } from '../etcd/types.ts';
import type { Collector } from './collector.ts';

const handled = 'grpc_server_handled_total';

/** Single samples of etcd's page, by what they are called here. All are there from 3.4 on. */
const families = {
  processStartSeconds: 'process_start_time_seconds',
  puts: 'etcd_mvcc_put_total',
  deletes: 'etcd_mvcc_delete_total',
  ranges: 'etcd_mvcc_range_total',
  clientSentBytes: 'etcd_network_client_grpc_sent_bytes_total',
  clientReceivedBytes: 'etcd_network_client_grpc_received_bytes_total',
  walWrittenBytes: 'etcd_disk_wal_write_bytes_total',
  cpuSeconds: 'process_cpu_seconds_total',
  watchers: 'etcd_debugging_mvcc_watcher_total',
  slowWatchers: 'etcd_debugging_mvcc_slow_watcher_total',
  pendingEvents: 'etcd_debugging_mvcc_pending_events_total',
  slowApplies: 'etcd_server_slow_apply_total',
  slowReadIndexes: 'etcd_server_slow_read_indexes_total',
  proposalsFailed: 'etcd_server_proposals_failed_total',
  proposalsPending: 'etcd_server_proposals_pending',
  heartbeatSendFailures: 'etcd_server_heartbeat_send_failures_total',
  leaderChanges: 'etcd_server_leader_changes_seen_total',
} as const satisfies {
  readonly [K in Exclude<
    keyof RequestsSection,
    'methods' | 'leases' | 'snapshotsInFlight' | 'snapshotStreams' | 'watchEvents'
  >]: string;
};

const leasesGranted = 'etcd_debugging_lease_granted_total';
const leasesRevoked = 'etcd_debugging_lease_revoked_total';
const started = 'grpc_server_started_total';
const watchEvents = 'etcd_debugging_mvcc_events_total';
const snapshotsInFlight = 'etcd_network_snapshot_send_inflights_total';

/** Families of etcd's own page that `requestsCollector` reads. */
export const requestMetricFamilies: readonly string[] = [
  handled,
  ...Object.values(families),
  leasesGranted,
  leasesRevoked,
  snapshotsInFlight,
  started,
  watchEvents,
];

/**
 * What etcd counts of its clients' calls, watchers and leases, and of its own troubles, all since its process started. What its
 * page does not have counts as 0. Throws `ETCD_METRICS_GARBLED` for a page without calls: it is not etcd's, or not all of it.
 */
export function requestsCollector(): Collector<'requests'> {
  return {
    name: 'requests',
    collect: async ({ sources }) => sectionOf(await sources.metricsPage()),
  };
}

function sectionOf(page: MetricsPage): RequestsSection {
  if (!page.samples.has(handled)) {
    throw new EtcdError('ETCD_METRICS_GARBLED', `The metrics page lacks ${handled}: it is not that of an etcd`);
  }
  const values = Object.fromEntries(
    Object.entries(families).map(([name, family]) => [name, numberIn(page, family)]),
  ) as Record<keyof typeof families, number>;
  return {
    ...values,
    methods: methodsOf(page),
    leases: Math.max(0, numberIn(page, leasesGranted) - numberIn(page, leasesRevoked)),
    snapshotsInFlight: (page.samples.get(snapshotsInFlight) ?? []).reduce((sum, { value }) => sum + value, 0),
    snapshotStreams: Math.max(0, ofSnapshots(page, started) - ofSnapshots(page, handled)),
    watchEvents: numberIn(page, watchEvents),
  };
}

function ofSnapshots({ samples }: MetricsPage, family: string): number {
  const ofThem = (samples.get(family) ?? []).filter(({ labels }) => labels['grpc_method'] === 'Snapshot');
  return ofThem.reduce((sum, { value }) => sum + value, 0);
}

function numberIn({ samples }: MetricsPage, family: string): number {
  return samples.get(family)?.[0]?.value ?? 0;
}

/** With etcd 3.5 a call whose client went away ends as `Unknown` more often than as `Canceled`; nearly nothing else does. */
const gone: ReadonlySet<string> = new Set(['Canceled', 'Unknown']);

/** Etcd has a line for every method and every code, of which nearly all are 0. */
function methodsOf({ samples }: MetricsPage): readonly MethodCalls[] {
  const methods = new Map<string, MethodCalls>();
  for (const { labels, value } of samples.get(handled) ?? []) {
    const { grpc_method: method, grpc_code: code, grpc_type: type } = labels;
    if (value === 0 || method === undefined || type !== 'unary') continue;
    const before = methods.get(method) ?? { method, handled: 0, deadlineExceeded: 0, canceled: 0 };
    methods.set(method, {
      method,
      handled: before.handled + value,
      deadlineExceeded: before.deadlineExceeded + (code === 'DeadlineExceeded' ? value : 0),
      canceled: before.canceled + (gone.has(code ?? '') ? value : 0),
    });
  }
  return [...methods.values()];
}
