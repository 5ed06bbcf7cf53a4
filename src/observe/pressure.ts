import { join } from 'node:path';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import type { PressureSection } from '../cluster/sections.ts';
import type { Collector } from './collector.ts';
import { cgroupDirectory } from './linux/cgroup.ts';
import type { EtcdProcessFinder } from './linux/etcd-process.ts';
import { type KernelRoots, kernelRoots, readIfPossible } from './linux/kernel-file.ts';
import { parseStalls } from './linux/pressure-stalls.ts';

const RESOURCES = ['cpu', 'io', 'memory'] as const;

type Stalls = PressureSection['stalls'];

/** What the collector is given. */
export interface PressureCollectorOptions extends KernelRoots {
  /** Without it, etcd's own cgroup is left out. */
  readonly etcd?: EtcdProcessFinder;
}

/**
 * How long tasks stalled for CPU, I/O and memory: on the whole machine, also where the agent runs in a container, and
 * in etcd's cgroup. Throws an AgentError `PSI_UNAVAILABLE` on kernels without pressure stall information.
 */
export function pressureCollector(options: PressureCollectorOptions): Collector<'pressure'> {
  const { procRoot } = kernelRoots(options);

  async function ofEtcd(etcd: EtcdProcessFinder, signal: AbortSignal): Promise<PressureSection> {
    try {
      const { pid } = await etcd.find(signal);
      const cgroup = await cgroupDirectory(procRoot, pid);
      if ('unresolved' in cgroup) return { stalls: [], etcdUnresolved: cgroup.unresolved };
      const stalls = await readStalls('etcd', (resource) => join(cgroup.directory, `${resource}.pressure`));
      if (stalls.length > 0) return { stalls };
      return { stalls, etcdUnresolved: `${cgroup.directory} has no pressure files: see cgroup.pressure there` };
    } catch (error) {
      signal.throwIfAborted();
      return { stalls: [], etcdUnresolved: faultOf(error).message };
    }
  }

  return {
    name: 'pressure',
    collect: async ({ signal }) => {
      const system = await readStalls('system', (resource) => join(procRoot, 'pressure', resource));
      if (system.length === 0) {
        throw new AgentError(
          'PSI_UNAVAILABLE',
          `this kernel gives no pressure stall information in ${procRoot}/pressure`,
          {
            remedy:
              'use Linux 4.20 or newer, and add psi=1 to the kernel command line where the distribution turns it off',
          },
        );
      }
      const etcd = options.etcd === undefined ? { stalls: [] } : await ofEtcd(options.etcd, signal);
      return { ...etcd, stalls: [...system, ...etcd.stalls] };
    },
  };
}

async function readStalls(scope: 'system' | 'etcd', fileOf: (resource: string) => string): Promise<Stalls> {
  const stalls = await Promise.all(
    RESOURCES.map(async (resource) =>
      parseStalls((await readIfPossible(fileOf(resource))) ?? '')
        // All tasks of a machine cannot wait for its CPUs at once: the kernel writes zeros there.
        .filter(({ kind }) => scope === 'etcd' || resource !== 'cpu' || kind === 'some')
        .map((stall) => ({ scope, resource, ...stall })),
    ),
  );
  return stalls.flat();
}
