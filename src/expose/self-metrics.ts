import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';

/** A metric of the agent's own process, under the name that every Prometheus client gives it. */
export interface SelfMetric {
  /** The whole name. */
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  /** The number now; undefined where this system does not tell. */
  readonly read: () => number | undefined;
}

/**
 * The agent's own process. Not prom-client's default set: that keeps a 10 ms timer for the event loop and an observer
 * for every garbage collection, and names gauges `_total`, which promtool refuses. Utilisation of the event loop is
 * counted by the runtime anyway and costs nothing.
 */
export const selfMetrics: readonly SelfMetric[] = [
  {
    name: 'process_cpu_seconds_total',
    help: 'CPU seconds of the agent, user and system.',
    type: 'counter',
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  },
  {
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the agent.',
    type: 'gauge',
    read: () => process.memoryUsage.rss(),
  },
  {
    name: 'process_start_time_seconds',
    help: 'When the agent started, in seconds since the epoch.',
    type: 'gauge',
    read: () => performance.timeOrigin / 1000,
  },
  {
    name: 'process_open_fds',
    help: 'File descriptors that the agent holds.',
    type: 'gauge',
    // The listing itself holds one.
    read: () => orUndefined(() => readdirSync('/proc/self/fd').length - 1),
  },
  {
    name: 'process_max_fds',
    help: 'File descriptors that the agent may hold.',
    type: 'gauge',
    read: () => orUndefined(() => maxFds(readFileSync('/proc/self/limits', 'utf8'))),
  },
  {
    name: 'nodejs_heap_size_used_bytes',
    help: 'Bytes of the JavaScript heap in use.',
    type: 'gauge',
    read: () => process.memoryUsage().heapUsed,
  },
  {
    name: 'nodejs_heap_size_committed_bytes',
    help: 'Bytes of memory that the JavaScript heap holds.',
    type: 'gauge',
    read: () => process.memoryUsage().heapTotal,
  },
  {
    name: 'nodejs_external_memory_bytes',
    help: 'Bytes outside the JavaScript heap that objects hold, buffers included.',
    type: 'gauge',
    read: () => process.memoryUsage().external,
  },
  {
    name: 'nodejs_eventloop_active_seconds_total',
    help: 'Seconds in which the event loop was busy; its rate is the utilisation.',
    type: 'counter',
    read: () => performance.eventLoopUtilization().active / 1000,
  },
];

/** The soft limit of `/proc/PID/limits`; undefined when it is unlimited. */
function maxFds(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

function orUndefined(read: () => number | undefined): number | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
