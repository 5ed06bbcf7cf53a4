import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../cluster/agent-error.ts';
import type { ProcessSection } from '../cluster/sections.ts';
import type { Collector } from './collector.ts';
import type { EtcdProcessFinder } from './linux/etcd-process.ts';
import { errorCode, type KernelRoots, kernelRoots, readIfPossible, readKernelFile } from './linux/kernel-file.ts';
import { parseCpuWait, parseMaxFds, parseProcessIo, parseResidentBytes } from './linux/process-files.ts';

/** What the collector is given. */
export interface ProcessCollectorOptions extends KernelRoots {
  readonly etcd: EtcdProcessFinder;
}

/**
 * Etcd's process: CPU, memory, files, what it made the disk do, and its settings. What the agent has no right to read
 * is left out and said. Throws an AgentError `ETCD_PROCESS_NOT_FOUND` or `ETCD_PROCESS_FOREIGN`.
 */
export function processCollector(options: ProcessCollectorOptions): Collector<'process'> {
  const { procRoot } = kernelRoots(options);

  return {
    name: 'process',
    collect: async ({ signal }): Promise<ProcessSection> => {
      const etcd = await options.etcd.find(signal);
      const path = join(procRoot, String(etcd.pid));
      const unread = [...etcd.unread];
      async function attempt<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
        try {
          return await read();
        } catch (error) {
          unread.push(`${what} of process ${etcd.pid} could not be read (${errorCode(error) ?? String(error)})`);
          return undefined;
        }
      }
      const [residentBytes, io, openFds, limits, cpuWait] = await Promise.all([
        readIfPossible(join(path, 'status')).then((status) => parseResidentBytes(status ?? '')),
        attempt('the I/O counters', async () => parseProcessIo(await readKernelFile(join(path, 'io')))),
        attempt('the open files', () => countFds(join(path, 'fd'))),
        readIfPossible(join(path, 'limits')),
        cpuWaitOf(path),
      ]);
      if (residentBytes === undefined) {
        throw new AgentError('ETCD_PROCESS_NOT_FOUND', `process ${etcd.pid} of etcd ended while it was being read`, {
          remedy: 'nothing, if etcd was stopped on purpose: the next round looks for it again',
        });
      }
      const maxFds = parseMaxFds(limits ?? '');
      return {
        pid: etcd.pid,
        foundBy: etcd.foundBy,
        startedAtMs: etcd.startedAtMs,
        cpuSeconds: etcd.stat.cpuSeconds,
        residentBytes,
        majorFaults: etcd.stat.majorFaults,
        settings: etcd.settings,
        ...(cpuWait === undefined ? {} : { cpuWaitSeconds: cpuWait.seconds, cpuTurns: cpuWait.turns }),
        // `T`: by a signal; `t`: by a tracer, which mostly lets it go on at once.
        ...(etcd.stat.state === 'T' ? { stopped: true as const } : {}),
        ...(etcd.settingsComplete ? {} : { settingsIncomplete: true }),
        ...io,
        ...(openFds === undefined ? {} : { openFds }),
        ...(maxFds === undefined ? {} : { maxFds }),
        ...(unread.length === 0 ? {} : { unread }),
      };
    },
  };
}

/** Linux 6.2 and newer give the number as the directory's size; with thousands of clients, listing it is dear. */
async function countFds(directory: string): Promise<number> {
  const { size } = await stat(directory);
  return size > 0 ? size : (await readdir(directory)).length;
}

/** Of all its threads. One that ends takes its time along, which etcd's hardly ever do. */
async function cpuWaitOf(path: string): Promise<{ readonly seconds: number; readonly turns: number } | undefined> {
  const threads = await readdir(join(path, 'task')).catch(() => []);
  const waits = await Promise.all(
    threads.map(async (thread) => parseCpuWait((await readIfPossible(join(path, 'task', thread, 'schedstat'))) ?? '')),
  );
  const known = waits.filter((each) => each !== undefined);
  if (known.length === 0) return undefined;
  return known.reduce((sum, each) => ({ seconds: sum.seconds + each.seconds, turns: sum.turns + each.turns }));
}
