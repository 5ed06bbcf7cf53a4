import { cpus, hostname, machine, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { HostSection } from '../cluster/sections.ts';
import type { Collector } from './collector.ts';
import { type KernelRoots, kernelRoots, readIfPossible } from './linux/kernel-file.ts';
import { parseDistribution, virtualizationOf } from './linux/virtualization.ts';

/** What the collector is given. */
export interface HostCollectorOptions extends KernelRoots {
  /** Files of os-release(5), the first that is there. */
  readonly osReleaseFiles?: readonly string[];
}

/**
 * The machine, read once. From files and not through `systeminformation`, whose `osInfo`, `cpu` and `system` start 25
 * processes (sh, cat, lscpu, dmidecode, …): a container with nothing but Node in it has none of them.
 */
export function hostCollector(options: HostCollectorOptions = {}): Collector<'host'> {
  const { procRoot, sysRoot } = kernelRoots(options);
  const { osReleaseFiles = ['/etc/os-release', '/usr/lib/os-release'] } = options;

  return {
    name: 'host',
    everyMs: Number.POSITIVE_INFINITY,
    collect: async (): Promise<HostSection> => {
      const dmi = join(sysRoot, 'class/dmi/id');
      const [osRelease, cpuinfo, vendor, product, hypervisor, container] = await Promise.all([
        firstOf(osReleaseFiles),
        readIfPossible(join(procRoot, 'cpuinfo')),
        readIfPossible(join(dmi, 'sys_vendor')),
        readIfPossible(join(dmi, 'product_name')),
        readIfPossible(join(sysRoot, 'hypervisor/type')),
        readIfPossible('/run/systemd/container'),
      ]);
      const processors = cpus();
      return {
        hostname: hostname(),
        kernel: release(),
        distribution: parseDistribution(osRelease ?? ''),
        architecture: machine(),
        cpus: processors.length,
        cpuModel: processors[0]?.model.trim() ?? 'unknown',
        memoryBytes: totalmem(),
        virtualization: virtualizationOf({
          dmi: `${vendor ?? ''} ${product ?? ''}`,
          ...(cpuinfo === undefined ? {} : { cpuinfo }),
          ...(hypervisor === undefined ? {} : { hypervisor }),
          ...(container === undefined ? {} : { container }),
        }),
      };
    },
  };
}

async function firstOf(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const text = await readIfPossible(file);
    if (text !== undefined) return text;
  }
  return undefined;
}
