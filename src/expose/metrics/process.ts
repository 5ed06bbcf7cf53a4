import type { ProcessSection } from '../../cluster/sections.ts';
import type { MetricFamily } from '../metric-family.ts';
import { metricsOf, sample } from './section-metrics.ts';

const { gauge, counter } = metricsOf('process');

/** The process of etcd as the kernel sees it; that of the agent itself is in `process_*` without the prefix. */
export const processMetrics: readonly MetricFamily[] = [
  counter(
    'process_io_bytes_total',
    'Bytes that the process of etcd made the block layer read and write.',
    ['direction'],
    ({ readBytes, writtenBytes }) => [
      ...sample(readBytes, { direction: 'read' }),
      ...sample(writtenBytes, { direction: 'write' }),
    ],
  ),
  counter('process_cpu_seconds_total', 'CPU seconds of the process of etcd, user and system.', [], ({ cpuSeconds }) =>
    sample(cpuSeconds),
  ),
  counter(
    'process_cpu_wait_seconds_total',
    'Seconds for which its threads were ready to run and waited for a CPU, together.',
    [],
    ({ cpuWaitSeconds }) => sample(cpuWaitSeconds),
  ),
  counter('process_cpu_turns_total', 'How often one of its threads got a CPU.', [], ({ cpuTurns }) => sample(cpuTurns)),
  counter(
    'process_major_faults_total',
    'Pages that it had to wait for, as they were not in memory.',
    [],
    ({ majorFaults }) => sample(majorFaults),
  ),
  gauge('process_resident_memory_bytes', 'Resident memory of the process of etcd.', [], ({ residentBytes }) =>
    sample(residentBytes),
  ),
  gauge('process_open_fds', 'File descriptors that the process of etcd holds.', [], ({ openFds }) => sample(openFds)),
  gauge('process_max_fds', 'File descriptors that the process of etcd may hold.', [], ({ maxFds }) => sample(maxFds)),
  gauge(
    'process_start_time_seconds',
    'When the process of etcd started, in seconds since the epoch.',
    [],
    ({ startedAtMs }) => sample(startedAtMs / 1000),
  ),
  gauge(
    'election_timeout_seconds',
    'The election timeout that etcd was started with, its default of 1 s where it names none; absent where its settings could not all be read.',
    [],
    (process) => sample(electionTimeoutSeconds(process)),
  ),
];

/** Etcd's default for `--election-timeout`, in ms. */
const DEFAULT_ELECTION_MS = 1000;

/** Beside a configuration file etcd ignores flags, so with one that could not be read nothing is known. */
function electionTimeoutSeconds({ settings, settingsIncomplete = false }: ProcessSection): number | undefined {
  if (settingsIncomplete && settings['config-file'] !== undefined) return undefined;
  const said = settings['election-timeout'];
  if (said === undefined) return settingsIncomplete ? undefined : DEFAULT_ELECTION_MS / 1000;
  const milliseconds = Number(said);
  return Number.isFinite(milliseconds) ? milliseconds / 1000 : undefined;
}
