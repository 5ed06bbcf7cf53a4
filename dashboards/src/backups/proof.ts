import { NoUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { ofCluster } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';
import { statPanel } from '../panels/stat.ts';

/** Seconds since the newest of something, by any agent. */
function since(timestamp: string): string {
  return `time() - max(${timestamp})`;
}

const last = 'etcd_caretaker_backup_last_success_timestamp_seconds';
const HOUR = 3600;
const DAY = 24 * HOUR;

/** From “it is stored” to “it has been restored”. */
export const proofPanels = [
  statPanel({
    title: 'Unprotected',
    shows:
      'For how long the oldest change has been known that cannot be restored from the store that is furthest behind.',
    normal: 'some seconds.',
    otherwise: 'minutes: see which store is behind, and its failures, below. Changes wait in the spool meanwhile.',
    alerts: ['EtcdWritesUnprotected', 'EtcdWritesLongUnprotected'],
    unit: Seconds,
    query: { expr: `max(${ofCluster('etcd_caretaker_backup_unprotected_seconds')})`, legend: 'unprotected' },
    limits: { warning: 300, critical: HOUR },
    none: 'no backups',
  }),
  statPanel({
    title: 'Unprotected revisions',
    shows: 'Revisions that would be lost if the whole cluster were lost now.',
    normal: 'some, as many as are written in a second or two.',
    otherwise: 'rises: no store takes the changes.',
    alerts: ['EtcdWritesUnprotected', 'EtcdWritesLongUnprotected'],
    unit: Short,
    query: { expr: `max(${ofCluster('etcd_caretaker_backup_unprotected_revisions')})`, legend: 'revisions' },
    none: 'no backups',
  }),
  statPanel({
    title: 'Last full snapshot, in intervals',
    shows: 'Time since a full snapshot was stored, by the longest time between two of the schedule.',
    normal: 'under 1: one interval of `backup.full.schedule`. Without a schedule nothing is shown.',
    otherwise: '`etcd-caretaker explain snapshot` says why it waits.',
    alerts: ['EtcdBackupStale', 'EtcdBackupOutdated'],
    unit: Short,
    query: {
      expr: `(${since(ofCluster(last, 'kind="full"'))}) / max(${ofCluster('etcd_caretaker_backup_full_interval_seconds')})`,
      legend: 'intervals',
    },
    limits: { warning: 2, critical: 4 },
    decimals: 1,
    none: 'never',
  }),
  statPanel({
    title: 'Last read back',
    shows: 'Time since a chain in any store was read back or restored, and found whole.',
    normal: 'under a day.',
    otherwise: '`etcd-caretaker backup verify` reads all of it and names what is damaged.',
    alerts: ['EtcdBackupStale'],
    unit: Seconds,
    query: {
      expr: since(ofCluster('etcd_caretaker_backup_chain_verified_timestamp_seconds')),
      legend: 'ago',
    },
    limits: { warning: 2 * DAY, critical: 7 * DAY },
    none: 'never',
  }),
  statPanel({
    title: 'Last drill, in intervals',
    shows:
      'Time since the newest chain was restored for real and was the same as the cluster, by the longest time between two drills of the schedule.',
    normal: 'under 1.5. Without a schedule nothing is shown.',
    otherwise: '`etcd-caretaker explain drill`, or `etcd-caretaker run drill` now.',
    alerts: ['EtcdDrillOverdue', 'EtcdDrillFailed'],
    unit: Short,
    query: {
      expr: `(${since(ofCluster('etcd_caretaker_drill_last_success_timestamp_seconds'))}) / max(${ofCluster('etcd_caretaker_drill_interval_seconds')})`,
      legend: 'intervals',
    },
    limits: { warning: 2, critical: 3 },
    decimals: 1,
    none: 'never',
  }),
  statPanel({
    title: 'A restore takes',
    shows: 'How long the last drill took from the first byte read to a data dir that a member can start on.',
    normal: 'seconds to minutes; what you have promised.',
    otherwise: 'too long: full snapshots more often, or a store that is nearer.',
    unit: Seconds,
    query: { expr: `max(${ofCluster('etcd_caretaker_drill_restore_seconds')})`, legend: 'restore' },
    none: 'no drill yet',
  }),
  seriesPanel({
    title: 'Unprotected, by store',
    shows: 'For how long each store has been behind; `spool` is what waits on the machine of the agent that backs up.',
    normal: 'seconds for all of them.',
    otherwise: 'one store: its credentials, its network, its quota. All: the agent that backs up; see its log.',
    alerts: ['EtcdWritesUnprotected', 'EtcdWritesLongUnprotected'],
    unit: Seconds,
    queries: [
      {
        expr: `max by (store) (${ofCluster('etcd_caretaker_backup_store_unprotected_seconds')})`,
        legend: '{{store}}',
      },
    ],
    limits: { warning: 300, critical: HOUR },
    width: 12,
    min: 0,
  }),
  seriesPanel({
    title: 'Age of the newest backup',
    shows:
      'Time since each kind of backup was stored: full snapshots, changes (delta), and what was read back (verify).',
    normal: 'delta seconds while there are writes; the others a saw-tooth of their schedules.',
    otherwise: 'a saw-tooth that does not come down: that kind fails; see Failures.',
    alerts: ['EtcdBackupStale', 'EtcdBackupOutdated'],
    unit: Seconds,
    queries: [{ expr: `time() - max by (kind) (${ofCluster(last)})`, legend: '{{kind}}' }],
    width: 12,
    logarithmic: true,
  }),
  statPanel({
    title: 'Members compared',
    shows: 'Time since the hashes of all members were compared.',
    normal: 'under a day or two.',
    otherwise: '`etcd-caretaker explain hash-check` says what it waits for.',
    alerts: ['EtcdHashMismatch'],
    unit: Seconds,
    query: { expr: since(ofCluster('etcd_caretaker_hash_check_timestamp_seconds')), legend: 'ago' },
    limits: { warning: 3 * DAY, critical: 14 * DAY },
    width: 12,
    none: 'never',
  }),
  statPanel({
    title: 'Members differ',
    shows: 'Whether the last comparison found members whose data differ.',
    normal: 'no.',
    otherwise:
      'a member is corrupt: `etcd-caretaker explain replace` says which, and what is done. No backup is taken from it.',
    alerts: ['EtcdHashMismatch', 'EtcdCorruptAlarm'],
    unit: NoUnit,
    query: { expr: `max(${ofCluster('etcd_caretaker_hash_mismatch')})`, legend: 'differ' },
    words: { 0: ['no', 'green'], 1: ['yes', 'red'] },
    width: 12,
    none: 'not compared yet',
  }),
];
