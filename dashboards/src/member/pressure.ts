import { BytesPerSecondIEC, PercentUnit } from '@grafana/grafana-foundation-sdk/units';
import { ofAgent, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';

const stalled = ofAgent('etcd_caretaker_pressure_stalled_seconds_total');
const etcdStalled = ofAgent('etcd_caretaker_pressure_etcd_stalled_seconds_total');
const deviceWritten = ofAgent('etcd_caretaker_disk_written_bytes_total', 'role="data"');
const deviceRead = ofAgent('etcd_caretaker_disk_read_bytes_total', 'role="data"');

function ofProcess(direction: 'read' | 'write'): string {
  return ofAgent('etcd_caretaker_process_io_bytes_total', `direction="${direction}"`);
}

/** What others have of the device; never below 0, as the two are not read at the same instant. */
function ofOthers(device: string, own: string): string {
  return `clamp_min(max(${rate(device)}) - max(${rate(own)}), 0)`;
}

/** Whether it is starved, and by whom. */
export const pressurePanels = [
  seriesPanel({
    title: 'Pressure on the machine',
    shows: 'The share of time in which some or all tasks of the machine waited for CPU, I/O or memory (PSI).',
    normal: 'CPU some under 20 %, I/O full under 10 %, memory 0.',
    otherwise:
      'CPU: etcd is starved, and slow fsyncs are only a symptom. I/O: see the device. Memory: the page cache is gone, or swap.',
    alerts: ['EtcdMemoryLow', 'EtcdDeviceSaturated'],
    unit: PercentUnit,
    queries: [{ expr: `max by (resource, kind) (${rate(stalled)})`, legend: '{{resource}} {{kind}}' }],
    limits: { warning: 0.2, critical: 0.5 },
    min: 0,
  }),
  seriesPanel({
    title: 'Pressure on etcd',
    shows: 'The same for the cgroup of etcd alone. Nothing where etcd has no cgroup of its own.',
    normal: 'not above that of the machine.',
    otherwise: 'above it: the limits of the cgroup. Raise CPU and memory limits, or take them away.',
    alerts: ['EtcdMemoryLow'],
    unit: PercentUnit,
    queries: [{ expr: `max by (resource, kind) (${rate(etcdStalled)})`, legend: '{{resource}} {{kind}}' }],
    limits: { warning: 0.2, critical: 0.5 },
    min: 0,
  }),
  seriesPanel({
    title: 'Etcd’s share of what is written',
    shows: 'What etcd makes the block layer write, by what the device under the data dir writes.',
    normal: 'over 50 % on a disk that etcd has for itself. It may exceed 100 % where writes are merged.',
    otherwise:
      'low while the device is busy: a noisy neighbour. The agents name it in the verdict; on the machine, `iotop` or `systemd-cgtop` does.',
    alerts: ['EtcdDeviceSaturated'],
    unit: PercentUnit,
    queries: [{ expr: `max(${rate(ofProcess('write'))}) / (max(${rate(deviceWritten)}) > 0)`, legend: 'written' }],
    min: 0,
  }),
  seriesPanel({
    title: 'Written: etcd and the others',
    shows: 'Bytes that etcd writes, and what else is written to the device under the data dir.',
    normal: 'etcd has most of it.',
    otherwise: 'the others have most: move etcd or them to a disk of its own, or limit them (`IOWriteBandwidthMax`).',
    alerts: ['EtcdDeviceSaturated'],
    unit: BytesPerSecondIEC,
    queries: [
      { expr: `max(${rate(ofProcess('write'))})`, legend: 'etcd' },
      { expr: ofOthers(deviceWritten, ofProcess('write')), legend: 'others' },
    ],
    width: 12,
    stacked: true,
    min: 0,
  }),
  seriesPanel({
    title: 'Read: etcd and the others',
    shows: 'Bytes that etcd reads from the disk, and what else is read from the device under the data dir.',
    normal: 'next to nothing: etcd’s database lies in the page cache.',
    otherwise: 'etcd reads: memory is short, or it has just started. Others read: backups, image pulls, a drill.',
    unit: BytesPerSecondIEC,
    queries: [
      { expr: `max(${rate(ofProcess('read'))})`, legend: 'etcd' },
      { expr: ofOthers(deviceRead, ofProcess('read')), legend: 'others' },
    ],
    width: 12,
    stacked: true,
    min: 0,
  }),
];
