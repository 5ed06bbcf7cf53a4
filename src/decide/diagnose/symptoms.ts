import type { Look } from '../../cluster/diagnosis.ts';
import { median } from '../../cluster/median.ts';
import type { Histogram } from '../../cluster/sections.ts';
import { formatLatency } from '../../cluster/units.ts';
import { mostly, type Window } from './window.ts';

/**
 * A WAL fsync (p99) from here on is slow. Etcd's guidance is 10 ms; but elections, which are what people notice, come of
 * those that take a good part of the heartbeat of 100 ms, and a disk that is merely not new is no incident.
 */
const slowFsyncSeconds = 0.04;

/** The mean of the agent's own writes of 2300 bytes from which the disk itself is slow, and that of etcd's fsyncs. */
const slowMeanSeconds = 0.02;

/** Of fewer fsyncs over the window a p99 is that of one or two: then their mean has to be slow too. */
const leastFsyncs = 100;

/** A linearizable read from here on is slow: a heartbeat. */
const slowReadSeconds = 0.1;

/** A share of the CPUs that etcd may use, from which on what clients ask of it is heavy. */
const heavyCpuShare = 0.4;

/** What etcd's own clients notice, and what several causes have in common; measured once for all of them. */
export interface Symptoms {
  /** The middle of the intervals' p99; absent where etcd's page was never read. */
  readonly fsyncSeconds?: number;
  readonly isFsyncSlow: boolean;
  /** The middle of the intervals' means. */
  readonly fsyncMeanSeconds?: number;
  /** Not only the slowest of them. */
  readonly isFsyncMeanSlow: boolean;
  /** The mean of the agent's own writes beside the WAL; absent where it does not probe. */
  readonly probeSeconds?: number;
  readonly isProbeSlow: boolean;
  readonly readSeconds?: number;
  /** Linearizable reads through the own member are slow, or most of them fail. */
  readonly isReadSlow: boolean;
  /** CPUs that etcd uses, and how many it may. */
  readonly etcdCpus?: number;
  readonly allowedCpus?: number;
  readonly isCpuHeavy: boolean;
  /** Applies that etcd itself calls slow, a second. */
  readonly slowAppliesPerSecond: number;
  /** One of these is noticed by clients. */
  readonly isFelt: boolean;
  /** Heartbeats to other members could not be sent in time, or the raft leader changed. */
  readonly isRaftLate: boolean;
}

/** Looks for them in a window. */
export function symptomsIn(window: Window): Symptoms {
  const fsyncs = window.values(({ values }) => values.wal?.walFsyncP99Seconds);
  const probes = window.ratios(probe('sum'), probe('count'));
  const reads = window.values(({ values }) => values.member?.linearizableReadSeconds);
  const hang = window.values(({ values }) => probeOf(values)?.pendingSeconds);
  const [fsyncSeconds, probeSeconds, readSeconds] = [median(fsyncs), median(probes), median(reads)];
  const { etcdCpus, allowedCpus } = cpus(window);
  const slowAppliesPerSecond = median(window.rates(({ values }) => values.requests?.slowApplies)) ?? 0;
  const means = window.values(({ values }) => values.wal?.walFsyncMeanSeconds);
  const fsyncMeanSeconds = median(means);
  const isFsyncMeanSlow = mostly(means, (seconds) => seconds >= slowMeanSeconds);
  const fsyncCount = window
    .values(({ values }) => values.wal?.walFsyncsInInterval)
    .reduce((sum, count) => sum + count, 0);
  const isFsyncSlow =
    mostly(fsyncs, (seconds) => seconds >= slowFsyncSeconds) && (fsyncCount >= leastFsyncs || isFsyncMeanSlow);
  const isReadSlow =
    mostly(reads, (seconds) => seconds >= slowReadSeconds) ||
    window.mostly(({ values }) => values.member && values.member.state === 'no-quorum');
  const isCpuHeavy = etcdCpus !== undefined && allowedCpus !== undefined && etcdCpus >= heavyCpuShare * allowedCpus;
  return {
    ...(fsyncSeconds === undefined ? {} : { fsyncSeconds }),
    isFsyncSlow,
    ...(fsyncMeanSeconds === undefined ? {} : { fsyncMeanSeconds }),
    isFsyncMeanSlow,
    ...(probeSeconds === undefined ? {} : { probeSeconds }),
    isProbeSlow:
      mostly(probes, (seconds) => seconds >= slowMeanSeconds) ||
      mostly(hang, (seconds) => seconds >= slowMeanSeconds * 10),
    ...(readSeconds === undefined ? {} : { readSeconds }),
    isReadSlow,
    ...(etcdCpus === undefined ? {} : { etcdCpus }),
    ...(allowedCpus === undefined ? {} : { allowedCpus }),
    isCpuHeavy,
    slowAppliesPerSecond,
    isRaftLate: window
      .rates(({ values: { requests } }) => requests && requests.heartbeatSendFailures + requests.leaderChanges)
      .some((rate) => rate > 0),
    isFelt: isFsyncSlow || isReadSlow || isCpuHeavy || slowAppliesPerSecond >= 0.5,
  };
}

function cpus(window: Window): Pick<Symptoms, 'etcdCpus' | 'allowedCpus'> {
  const etcdCpus = median(window.rates(({ values }) => values.process?.cpuSeconds ?? values.requests?.cpuSeconds));
  const { host, limits } = window.newest.values;
  const known = [host?.cpus, limits?.cpu?.cpus].filter((each) => each !== undefined);
  return {
    ...(etcdCpus === undefined ? {} : { etcdCpus }),
    ...(known.length === 0 ? {} : { allowedCpus: Math.min(...known) }),
  };
}

/** The probe beside the WAL; where that lies with the data, both are there. */
export function probeOf(values: Look['values']) {
  return values['fsync-probe']?.probes.find(({ role }) => role === 'wal');
}

function probe(of: keyof Pick<Histogram, 'sum' | 'count'>): (look: Look) => number | undefined {
  return ({ values }) => probeOf(values)?.latency[of];
}

/** For people: those that are noticed, with their numbers. */
export function feltText({
  etcdCpus,
  allowedCpus,
  isCpuHeavy,
  readSeconds,
  isReadSlow,
  fsyncSeconds,
  isFsyncSlow,
}: Symptoms): readonly string[] {
  return [
    ...(isCpuHeavy ? [`etcd uses ${(etcdCpus ?? 0).toFixed(1)} of ${(allowedCpus ?? 0).toFixed(1)} CPUs`] : []),
    ...(isReadSlow && readSeconds !== undefined ? [`a linearizable read takes ${formatLatency(readSeconds)}`] : []),
    ...(isFsyncSlow && fsyncSeconds !== undefined
      ? [`an fsync of the WAL takes ${formatLatency(fsyncSeconds)} (p99)`]
      : []),
  ];
}
