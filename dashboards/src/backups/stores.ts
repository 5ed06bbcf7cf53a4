import { BytesIEC, BytesPerSecondIEC, OpsPerSecond, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { ofCluster, quantile, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';

/** What is stored, how fast, what fails, and what it costs. */
export const storePanels = [
  seriesPanel({
    title: 'Stored',
    shows: 'Bytes that were stored each second, after compression and encryption; for verify: that were read back.',
    normal: 'delta follows the writes; full is a peak by its schedule.',
    otherwise: 'no delta while the revision rises: see Unprotected.',
    unit: BytesPerSecondIEC,
    queries: [
      {
        expr: `sum by (kind) (${rate(ofCluster('etcd_caretaker_backup_bytes_total'))})`,
        legend: '{{kind}}',
      },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Failures',
    shows:
      'Backups that failed in the rate interval, by kind and reason. Changes (delta) are tried again until they are stored.',
    normal: 'none.',
    otherwise: 'the reason says what: `STORE_…` the store, others the agent. `etcd-caretaker status` has the words.',
    alerts: ['EtcdBackupFailing'],
    unit: Short,
    queries: [
      {
        expr: `sum by (kind, reason) (increase(${ofCluster('etcd_caretaker_backup_failures_total')}[$__rate_interval]))`,
        legend: '{{kind}} {{reason}}',
      },
    ],
    bars: true,
    min: 0,
  }),
  seriesPanel({
    title: 'Revisions stored',
    shows: 'The newest revision that is stored with each kind of backup, and that of the cluster.',
    normal: 'delta lies upon the cluster; full and verify follow in steps.',
    otherwise: 'delta stays behind: see which store, above.',
    alerts: ['EtcdWritesUnprotected', 'EtcdWritesLongUnprotected'],
    unit: Short,
    queries: [
      {
        expr: `max by (kind) (${ofCluster('etcd_caretaker_backup_last_revision')})`,
        legend: '{{kind}}',
      },
      { expr: `max(${ofCluster('etcd_caretaker_member_revision')})`, legend: 'the cluster' },
    ],
  }),
  seriesPanel({
    title: 'Size of the stores',
    shows: 'Bytes of this cluster’s timeline in each store, as it was last listed, and what waits in the spool.',
    normal: 'level once retention has begun to prune; the spool near 0.',
    otherwise:
      'rises only: `backup.retention.mode` is off or plan, or chains are on hold. The spool rises: no store takes it.',
    unit: BytesIEC,
    queries: [
      { expr: `max by (store) (${ofCluster('etcd_caretaker_store_bytes')})`, legend: '{{store}}' },
      { expr: `max(${ofCluster('etcd_caretaker_backup_spool_bytes')})`, legend: 'spool' },
    ],
    width: 6,
    min: 0,
  }),
  seriesPanel({
    title: 'Objects',
    shows: 'Objects of this cluster’s timeline in each store, as it was last listed.',
    normal: 'hundreds: small changes are merged into minutes and hours.',
    otherwise: 'many thousands: merging fails; see the agent’s log.',
    unit: Short,
    queries: [{ expr: `max by (store) (${ofCluster('etcd_caretaker_store_objects')})`, legend: '{{store}}' }],
    width: 6,
    min: 0,
  }),
  seriesPanel({
    title: 'Requests to the stores',
    shows: 'Requests each second, which a bucket is paid by.',
    normal: 'a put every few seconds, lists now and then.',
    otherwise: '`backup list --cost` says what it comes to; `backup.delta.interval` makes it less.',
    unit: OpsPerSecond,
    queries: [
      {
        expr: `sum by (operation) (${rate(ofCluster('etcd_caretaker_store_requests_total'))})`,
        legend: '{{operation}}',
      },
    ],
    width: 6,
    min: 0,
  }),
  seriesPanel({
    title: 'Duration of full snapshots',
    shows: 'From the first byte read to the manifest: the longest tenth in the rate interval.',
    normal: 'seconds to a minute for some GiB.',
    otherwise: 'the store or the member that is read from is slow. Etcd keeps a read transaction open for so long.',
    unit: Seconds,
    queries: [
      {
        expr: quantile(0.9, ofCluster('etcd_caretaker_backup_duration_seconds_bucket'), 'kind'),
        legend: '{{kind}}',
      },
    ],
    width: 6,
    min: 0,
  }),
];
