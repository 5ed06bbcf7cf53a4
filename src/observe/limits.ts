import { join } from 'node:path';
import { AgentError } from '../cluster/agent-error.ts';
import type { LimitsSection } from '../cluster/sections.ts';
import type { Collector } from './collector.ts';
import { cpuLimitOf, memoryLimitOf } from './linux/cgroup-limits.ts';
import { controlGroups } from './linux/control-groups.ts';
import type { EtcdProcessFinder } from './linux/etcd-process.ts';
import { type KernelRoots, kernelRoots, readIfPossible } from './linux/kernel-file.ts';

/** What the collector is given. */
export interface LimitsCollectorOptions extends KernelRoots {
  readonly etcd: EtcdProcessFinder;
}

/**
 * What the control group of etcd's process lets it have of CPU and memory, in cgroup v2 and v1, and what memory the machine has
 * left, with how often its kernel killed somebody for it. Without etcd, or without a group of its own, only the machine's. Throws an AgentError `MEMINFO_UNREADABLE`.
 */
export function limitsCollector(options: LimitsCollectorOptions): Collector<'limits'> {
  const { procRoot } = kernelRoots(options);

  async function ofEtcd(signal: AbortSignal): Promise<Pick<LimitsSection, 'cgroup' | 'cpu' | 'memory'>> {
    const found = await options.etcd.find(signal).catch(() => undefined);
    if (found === undefined) return {};
    const groups = await controlGroups(procRoot, found.pid);
    const [cpu, memory] = await Promise.all([
      groups.cpu === undefined ? undefined : cpuLimitOf(groups.cpu),
      groups.memory === undefined ? undefined : memoryLimitOf(groups.memory),
    ]);
    const cgroup = groups.cpu?.name ?? groups.memory?.name;
    return {
      ...(cgroup === undefined ? {} : { cgroup }),
      ...(cpu === undefined ? {} : { cpu }),
      ...(memory === undefined ? {} : { memory }),
    };
  }

  return {
    name: 'limits',
    collect: async ({ signal }) => {
      const meminfo = (await readIfPossible(join(procRoot, 'meminfo'))) ?? '';
      const [hostAvailableBytes, hostBytes] = [kibibytes(meminfo, 'MemAvailable'), kibibytes(meminfo, 'MemTotal')];
      if (hostAvailableBytes === undefined || hostBytes === undefined) {
        throw new AgentError('MEMINFO_UNREADABLE', `${procRoot}/meminfo does not say what memory there is`, {
          remedy: 'mount /proc where the agent sees it',
        });
      }
      const oomKills = /^oom_kill (\d+)$/m.exec((await readIfPossible(join(procRoot, 'vmstat'))) ?? '')?.[1];
      return {
        ...(await ofEtcd(signal)),
        hostAvailableBytes,
        hostBytes,
        ...(oomKills === undefined ? {} : { hostOomKills: Number(oomKills) }),
      };
    },
  };
}

function kibibytes(meminfo: string, field: string): number | undefined {
  const value = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1];
  return value === undefined ? undefined : Number(value) * 1024;
}
