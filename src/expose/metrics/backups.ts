import type { BackupKindView, BackupView } from '../../cluster/backup-view.ts';
import type { MetricFamily, MetricSeries } from '../metric-family.ts';
import { metricsIn, sample } from './section-metrics.ts';

/** An agent without a store has none of these. */
const { gauge, counter, histogram } = metricsIn(({ backups }) => backups);

/** What backups have come to. Counters are of this agent, and begin anew with it; only the one that leads backs up. */
export const backupMetrics: readonly MetricFamily[] = [
  gauge(
    'backup_working',
    'Whether it is this agent that backs up (1) or not (0): the one that leads does.',
    [],
    (view) => sample(view.working),
  ),
  gauge(
    'backup_last_success_timestamp_seconds',
    'When a backup of this kind was last stored, in seconds since the epoch: full snapshots, changes (delta), and what was read back (verify).',
    ['kind'],
    byKind(({ lastSuccessAtMs }) => (lastSuccessAtMs === undefined ? undefined : lastSuccessAtMs / 1000)),
  ),
  gauge(
    'backup_last_revision',
    'The newest revision that this agent has stored with this kind of backup.',
    ['kind'],
    byKind(({ lastRevision }) => lastRevision),
  ),
  gauge(
    'backup_chain_verified_timestamp_seconds',
    'When a chain in this store was last read back or restored and found whole, in seconds since the epoch; absent before the first time. Only while this agent backs up.',
    ['store'],
    ({ stores }) =>
      stores.flatMap(({ url, provenAtMs }) =>
        sample(provenAtMs === undefined ? undefined : provenAtMs / 1000, { store: url }),
      ),
  ),
  gauge(
    'backup_unprotected_seconds',
    'For how long the oldest change has been known that cannot be restored from the store which is furthest behind; 0 where all can. Without a full snapshot, or behind a hole, nothing can. Only while this agent backs up.',
    [],
    (view) => sample(worst(view, ({ seconds }) => seconds)),
  ),
  gauge(
    'backup_unprotected_revisions',
    'Revisions that cannot be restored from the store which is furthest behind: those after its newest full snapshot and the changes that follow it without a hole. Only while this agent backs up.',
    [],
    (view) => sample(worst(view, ({ revisions }) => Number(revisions))),
  ),
  gauge(
    'backup_full_interval_seconds',
    'The longest time between two full snapshots of the schedule; absent where none are taken by themselves.',
    [],
    ({ fullIntervalSeconds }) => sample(fullIntervalSeconds),
  ),
  gauge(
    'drill_interval_seconds',
    'The longest time between two drills of the schedule; absent where none are made by themselves.',
    [],
    ({ drillIntervalSeconds }) => sample(drillIntervalSeconds),
  ),
  counter(
    'backup_bytes_total',
    'Bytes that this agent has stored, after compression and encryption.',
    ['kind'],
    byKind(({ bytes }) => bytes),
  ),
  histogram(
    'backup_duration_seconds',
    'How long full snapshots took, from the first byte that was read to the manifest.',
    ['kind'],
    ({ kinds }) =>
      kinds.flatMap(({ kind, durationSeconds }) =>
        durationSeconds === undefined ? [] : [{ labels: { kind }, value: durationSeconds }],
      ),
  ),
  counter(
    'backup_failures_total',
    'Failures by the code of the reason. Changes (delta) are tried again until they are stored.',
    ['kind', 'reason'],
    ({ kinds }) =>
      kinds.flatMap(({ kind, failures }) => failures.flatMap(({ reason, count }) => sample(count, { kind, reason }))),
  ),
  gauge(
    'backup_store_unprotected_seconds',
    'The same of each store, so that a folder here and a bucket elsewhere are told apart; and of the spool on this machine (store: spool).',
    ['store'],
    ({ stores, spool }) => [
      ...stores.flatMap(({ url, unprotected }) => sample(unprotected?.seconds, { store: url })),
      ...sample(spool?.unprotected.seconds, { store: 'spool' }),
    ],
  ),
  gauge('backup_spool_bytes', 'Bytes that wait on this machine for a store.', [], ({ spool }) => sample(spool?.bytes)),
  counter(
    'store_requests_total',
    'Requests of this agent to all stores: what they cost.',
    ['operation'],
    ({ stores }) =>
      (['put', 'get', 'head', 'list', 'delete'] as const).flatMap((operation) =>
        sample(
          stores.reduce((sum, { requests }) => sum + requests[operation], 0),
          { operation },
        ),
      ),
  ),
  gauge(
    'store_objects',
    'Objects of the timeline in a store, as it was last listed: with each full snapshot.',
    ['store'],
    ({ stores }) => stores.flatMap(({ url, objects }) => sample(objects, { store: url })),
  ),
  gauge(
    'store_bytes',
    'Bytes of the timeline in a store, as it was last listed: with each full snapshot.',
    ['store'],
    ({ stores }) => stores.flatMap(({ url, bytes }) => sample(bytes, { store: url })),
  ),
];

type Read = (view: BackupView) => readonly MetricSeries[];

function byKind(read: (kind: BackupKindView) => number | bigint | undefined): Read {
  return ({ kinds }) => kinds.flatMap((each) => sample(read(each), { kind: each.kind }));
}

/** Undefined where it is not known of a store what it has: nothing would be a lie. */
function worst(
  { stores }: BackupView,
  read: (point: { readonly seconds: number; readonly revisions: bigint }) => number,
): number | undefined {
  const points = stores.map(({ unprotected }) => unprotected);
  return points.includes(undefined) || points.length === 0
    ? undefined
    : Math.max(...points.flatMap((point) => (point === undefined ? [] : [read(point)])));
}
