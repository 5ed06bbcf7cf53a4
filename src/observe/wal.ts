import {
  bucketIncrease,
  type CumulativeBucket,
  histogramQuantile,
  sampleCount,
} from '../cluster/histogram-quantile.ts';
import type { WalSection } from '../cluster/sections.ts';
import { EtcdError } from '../etcd/errors.ts';
import type { MetricsPage } from '../etcd/types.ts';
import type { Collector } from './collector.ts';

const walFsync = 'etcd_disk_wal_fsync_duration_seconds';
const backendCommit = 'etcd_disk_backend_commit_duration_seconds';
const processStart = 'process_start_time_seconds';
const defragInflight = 'etcd_disk_defrag_inflight';
const compactRevision = 'etcd_debugging_mvcc_compact_revision';

/** Families of etcd's own page that `walCollector` reads. */
export const walMetricFamilies: readonly string[] = [
  walFsync,
  backendCommit,
  processStart,
  defragInflight,
  compactRevision,
];

/** What the next round is compared with. */
interface Sample {
  readonly readAtMonotonicMs: number;
  readonly processStartSeconds: number | undefined;
  readonly walFsync: readonly CumulativeBucket[];
  /** Seconds of all fsyncs together. */
  readonly walFsyncSeconds: number | undefined;
  readonly backendCommit: readonly CumulativeBucket[];
}

/**
 * Etcd's fsync and commit latency between the last two rounds that read its page: p99 as Prometheus would estimate it,
 * so never finer than etcd's buckets (1 ms, 2 ms, 4 ms, …; all that is faster shows as up to 1 ms). Nothing is said of
 * latency in the first round, in the first one after a restart of etcd, and of an interval without any fsync. Beside
 * it, whether etcd is defragmenting, and up to where it has compacted. Throws `ETCD_METRICS_GARBLED` for a page that
 * lacks one of the histograms: it is not etcd's, or not all of it.
 */
export function walCollector(): Collector<'wal'> {
  let previous: Sample | undefined;
  return {
    name: 'wal',
    collect: async ({ sources }) => {
      const page = await sources.metricsPage();
      const sample = sampleOf(page);
      const latency = previous === undefined ? {} : between(previous, sample);
      previous = sample;
      return { ...latency, ...maintenanceOf(page) };
    },
  };
}

function sampleOf(page: MetricsPage): Sample {
  const sample = {
    readAtMonotonicMs: page.readAtMonotonicMs,
    processStartSeconds: page.samples.get(processStart)?.[0]?.value,
    walFsync: bucketsOf(page, walFsync),
    walFsyncSeconds: page.samples.get(`${walFsync}_sum`)?.[0]?.value,
    backendCommit: bucketsOf(page, backendCommit),
  };
  const missing = [walFsync, backendCommit].filter((family) => bucketsOf(page, family).length === 0);
  if (missing.length > 0) {
    const message = `The metrics page lacks ${missing.join(' and ')}: it is not that of an etcd, or it is cut off`;
    throw new EtcdError('ETCD_METRICS_GARBLED', message);
  }
  return sample;
}

function maintenanceOf(page: MetricsPage): Pick<WalSection, 'defragInflight' | 'compactRevision'> {
  const inflight = page.samples.get(defragInflight)?.[0]?.value;
  const compacted = page.samples.get(compactRevision)?.[0]?.value;
  return {
    ...(inflight === undefined ? {} : { defragInflight: inflight > 0 }),
    // Etcd says -1 until it has compacted once.
    ...(Number.isFinite(compacted) ? { compactRevision: BigInt(Math.max(0, Math.trunc(compacted ?? 0))) } : {}),
  };
}

function bucketsOf(page: MetricsPage, family: string): readonly CumulativeBucket[] {
  return (page.samples.get(`${family}_bucket`) ?? [])
    .map(({ labels, value }) => ({ upperBound: upperBoundOf(labels['le']), count: value }))
    .sort((a, b) => a.upperBound - b.upperBound);
}

function upperBoundOf(text: string | undefined): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
}

function between(earlier: Sample, later: Sample): WalSection {
  const intervalSeconds = (later.readAtMonotonicMs - earlier.readAtMonotonicMs) / 1000;
  const fsyncs = bucketIncrease(earlier.walFsync, later.walFsync);
  const commits = bucketIncrease(earlier.backendCommit, later.backendCommit);
  const restarted = earlier.processStartSeconds !== later.processStartSeconds;
  if (restarted || fsyncs === undefined || commits === undefined || intervalSeconds <= 0) return {};
  const walFsyncP99Seconds = histogramQuantile(0.99, fsyncs);
  const backendCommitP99Seconds = histogramQuantile(0.99, commits);
  const walFsyncsInInterval = sampleCount(fsyncs);
  const seconds = (later.walFsyncSeconds ?? Number.NaN) - (earlier.walFsyncSeconds ?? Number.NaN);
  const mean = seconds / walFsyncsInInterval;
  return {
    intervalSeconds,
    walFsyncsInInterval,
    ...(Number.isFinite(mean) ? { walFsyncMeanSeconds: mean } : {}),
    backendCommitsInInterval: sampleCount(commits),
    ...(walFsyncP99Seconds === undefined ? {} : { walFsyncP99Seconds }),
    ...(backendCommitP99Seconds === undefined ? {} : { backendCommitP99Seconds }),
  };
}
