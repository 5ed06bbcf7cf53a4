import { BytesIEC, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { ofAgent, ofEtcd, quantile, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';
import { statesPanel } from '../panels/states.ts';
import { YES_IS_WELL } from '../panels/words.ts';

/** What etcd takes of the machine, and what the agent beside it takes. */
export const processPanels = [
  seriesPanel({
    title: 'CPU',
    shows: 'CPUs that etcd and the agent use, and those that the machine has.',
    normal: 'etcd under half of the machine; the agent a few percent of one.',
    otherwise: 'etcd at the limit of the machine or of its cgroup: heartbeats are late, and elections follow.',
    unit: Short,
    queries: [
      { expr: `max(${rate(ofAgent('etcd_caretaker_process_cpu_seconds_total'))})`, legend: 'etcd' },
      { expr: `max(${rate(ofAgent('process_cpu_seconds_total'))})`, legend: 'agent' },
      { expr: `max(${ofAgent('etcd_caretaker_host_cpus')})`, legend: 'machine' },
    ],
    min: 0,
  }),
  seriesPanel({
    title: 'Memory',
    shows:
      'Resident memory of etcd and of the agent, the memory of the machine and what of it is available to new work, and, where it has one, what the control group (container) of etcd has and may have.',
    normal: 'etcd about its database and some more; level; over 20 % of the machine available.',
    otherwise: 'jumps: large ranges, or many watchers. Rises: leases, watchers, or slow clients.',
    alerts: ['EtcdMemoryLow'],
    unit: BytesIEC,
    queries: [
      { expr: `max(${ofAgent('etcd_caretaker_process_resident_memory_bytes')})`, legend: 'etcd' },
      { expr: `max(${ofAgent('process_resident_memory_bytes')})`, legend: 'agent' },
      { expr: `max(${ofAgent('etcd_caretaker_host_memory_bytes')})`, legend: 'machine' },
      { expr: `max(${ofAgent('etcd_caretaker_host_memory_available_bytes')})`, legend: 'still available' },
      {
        expr: `max(${ofAgent('etcd_caretaker_cgroup_memory_bytes')} - ${ofAgent('etcd_caretaker_cgroup_memory_file_bytes')})`,
        legend: 'control group, without pages of files',
      },
      { expr: `max(${ofAgent('etcd_caretaker_cgroup_memory_limit_bytes')})`, legend: 'limit of the control group' },
    ],
    logarithmic: true,
  }),
  seriesPanel({
    title: 'File descriptors of etcd',
    shows: 'The share of what it may hold.',
    normal: 'under 50 %.',
    otherwise: 'clients open connections and do not close them. At 100 % it takes no more.',
    alerts: ['EtcdFileDescriptorsLow'],
    unit: PercentUnit,
    queries: [
      {
        expr: `max(${ofAgent('etcd_caretaker_process_open_fds')} / ${ofAgent('etcd_caretaker_process_max_fds')})`,
        legend: 'used',
      },
    ],
    limits: { warning: 0.5, critical: 0.8 },
    min: 0,
  }),
  seriesPanel({
    title: 'Starts of etcd',
    shows: 'Starts in the rate interval: by the agent, and as the start time of the process tells.',
    normal: '0.',
    otherwise: 'again and again: `etcd-caretaker status` says how it ended last.',
    alerts: ['EtcdCrashLoop'],
    unit: Short,
    queries: [
      {
        expr: `sum(increase(${ofAgent('etcd_caretaker_member_starts_total')}[$__rate_interval]))`,
        legend: 'by the agent',
      },
      {
        expr: `max(changes(${ofAgent('etcd_caretaker_process_start_time_seconds')}[$__rate_interval]))`,
        legend: 'new processes',
      },
    ],
    bars: true,
    min: 0,
  }),
  seriesPanel({
    title: 'Goroutines of etcd',
    shows: 'Goroutines, which follow clients, watchers and streams.',
    normal: 'level.',
    otherwise: 'rises without end: a leak, or clients that connect and never leave.',
    unit: Short,
    queries: [{ expr: `max(${ofEtcd('go_goroutines')})`, legend: 'goroutines' }],
    min: 0,
  }),
  seriesPanel({
    title: 'The agent’s collectors',
    shows: 'The p99 of how long each collector of the agent took.',
    normal: 'under a second.',
    otherwise: 'what it reads from is slow: a disk that hangs, an etcd that does not answer.',
    alerts: ['EtcdCaretakerDegraded'],
    unit: Seconds,
    queries: [
      {
        expr: quantile(0.99, ofAgent('etcd_caretaker_collector_duration_seconds_bucket'), 'collector'),
        legend: '{{collector}}',
      },
    ],
    min: 0,
  }),
  statesPanel({
    title: 'The agent’s readings',
    shows:
      'Whether the newest reading of each collector succeeded. A metric whose collector failed is absent until it works again.',
    normal: 'all yes.',
    otherwise: '`etcd-caretaker doctor` beside it says what each needs: rights, a path, a certificate.',
    alerts: ['EtcdCaretakerDegraded'],
    queries: [
      {
        expr: `min by (collector) (${ofAgent('etcd_caretaker_collector_success')})`,
        legend: '{{collector}}',
      },
    ],
    words: YES_IS_WELL,
    width: 24,
    height: 9,
  }),
];
