import { setTimeout as sleep } from 'node:timers/promises';
import type { Observation } from '../cluster/observation.ts';
import type { Neighbour, NeighbourGroup, NeighboursSection } from '../cluster/sections.ts';
import type { Collector } from './collector.ts';
import type { EtcdProcessFinder } from './linux/etcd-process.ts';
import { type KernelRoots, kernelRoots } from './linux/kernel-file.ts';
import { cgroupOf, type ProcessUse, readCpuTimes, readProcessUses } from './linux/process-uses.ts';

/** What the collector is given. */
export interface NeighboursCollectorOptions extends KernelRoots {
  readonly etcd: EtcdProcessFinder;
  /** The newest observation: it looks only while that says that something is short. */
  readonly observation: () => Observation;
  /** How long it compares, in ms; default 1000. */
  readonly spanMs?: number;
  /** As many are told; default 5. */
  readonly toldAtMost?: number;
}

/** An fsync (p99) from here on may be a neighbour's doing; well below what is called slow, so that the cause is known by then. */
const fsyncSeconds = 0.02;
/** Shares of the last 10 s in which some task waited (PSI), from which on something is short. */
const ioStallRatio = 0.3;
const cpuStallRatio = 0.4;

/**
 * Who else uses the disk and the CPUs. To go through all processes costs about 10 ms for each 300 of them, twice, so it is done
 * only while something is short: an fsync is slow, or tasks wait for I/O or CPU. Processes whose I/O the agent has no right
 * to see are told with their CPU time alone.
 */
export function neighboursCollector(options: NeighboursCollectorOptions): Collector<'neighbours'> {
  const { procRoot } = kernelRoots(options);
  const { spanMs = 1000, toldAtMost = 5, observation, etcd } = options;

  return {
    name: 'neighbours',
    collect: async ({ signal }): Promise<NeighboursSection> => {
      const because = shortage(observation());
      if (because === undefined) return { top: [], groups: [] };
      const [before, timesBefore] = await Promise.all([readProcessUses(procRoot), readCpuTimes(procRoot)]);
      const startMs = performance.now();
      await sleep(spanMs, undefined, { signal });
      const [after, timesAfter] = await Promise.all([readProcessUses(procRoot), readCpuTimes(procRoot)]);
      const seconds = (performance.now() - startMs) / 1000;
      const own = await etcd.find(signal).then(
        ({ pid }) => pid,
        () => undefined,
      );
      const all = [...after.values()].map((use) => rateOf(before.get(use.key), use, seconds));
      // The agent's own work is not a neighbour's: it is small, and known.
      const others = all.filter(({ pid }) => pid !== own && pid !== process.pid);
      const ofEtcd = all.find(({ pid }) => pid === own);
      const amount = ({ ioBytesPerSecond = 0, cpus }: Pick<Neighbour, 'cpus' | 'ioBytesPerSecond'>): number =>
        because === 'io' ? ioBytesPerSecond : cpus;
      const named = await withGroups(
        procRoot,
        others.filter((each) => amount(each) > 0),
      );
      const most = <T extends Pick<Neighbour, 'cpus' | 'ioBytesPerSecond'>>(of: readonly T[]): readonly T[] =>
        of.toSorted((a, b) => amount(b) - amount(a)).slice(0, toldAtMost);
      const busy = timesAfter.busySeconds - timesBefore.busySeconds;
      const total = timesAfter.totalSeconds - timesBefore.totalSeconds;
      return {
        because,
        othersIoBytesPerSecond: others.reduce((sum, { ioBytesPerSecond = 0 }) => sum + ioBytesPerSecond, 0),
        othersCpus: others.reduce((sum, { cpus }) => sum + cpus, 0),
        ...(ofEtcd?.ioBytesPerSecond === undefined ? {} : { etcdIoBytesPerSecond: ofEtcd.ioBytesPerSecond }),
        ...(ofEtcd === undefined ? {} : { etcdCpus: ofEtcd.cpus }),
        ...(total > 0 ? { busyRatio: Math.min(1, busy / total) } : {}),
        top: most(named),
        groups: most(groupsOf(named)),
      };
    },
  };
}

function shortage({ sections }: Observation): 'io' | 'cpu' | undefined {
  const stalled = (of: 'io' | 'cpu'): number =>
    sections.pressure?.value?.stalls.find(
      ({ scope, resource, kind }) => scope === 'system' && resource === of && kind === 'some',
    )?.avg10Ratio ?? 0;
  const fsync = sections.wal?.value?.walFsyncP99Seconds ?? 0;
  // CPU first: who waits for a CPU is late with its I/O as well.
  if (stalled('cpu') >= cpuStallRatio && stalled('cpu') > stalled('io')) return 'cpu';
  return fsync >= fsyncSeconds || stalled('io') >= ioStallRatio ? 'io' : undefined;
}

function rateOf(before: ProcessUse | undefined, after: ProcessUse, seconds: number): Neighbour {
  // Who is new has done all that it did within the span.
  const rate = (now: number, then = 0): number => Math.max(0, now - then) / seconds;
  return {
    pid: after.pid,
    command: after.command,
    cpus: rate(after.cpuSeconds, before?.cpuSeconds),
    ...(after.ioBytes === undefined ? {} : { ioBytesPerSecond: rate(after.ioBytes, before?.ioBytes) }),
  };
}

/** One after the other: there may be hundreds. */
async function withGroups(procRoot: string, neighbours: readonly Neighbour[]): Promise<readonly Neighbour[]> {
  const named: Neighbour[] = [];
  for (const each of neighbours) {
    const cgroup = await cgroupOf(procRoot, each.pid);
    named.push(cgroup === undefined ? each : { ...each, cgroup });
  }
  return named;
}

function groupsOf(neighbours: readonly Neighbour[]): readonly NeighbourGroup[] {
  const groups = new Map<string, NeighbourGroup>();
  for (const { cgroup, cpus, ioBytesPerSecond = 0 } of neighbours) {
    if (cgroup === undefined) continue;
    const before = groups.get(cgroup) ?? { cgroup, processes: 0, ioBytesPerSecond: 0, cpus: 0 };
    groups.set(cgroup, {
      cgroup,
      processes: before.processes + 1,
      ioBytesPerSecond: before.ioBytesPerSecond + ioBytesPerSecond,
      cpus: before.cpus + cpus,
    });
  }
  return [...groups.values()];
}
