import { BytesIEC, BytesPerSecondIEC, Short, WritesPerSecond } from '@grafana/grafana-foundation-sdk/units';
import { ofCluster, rate } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';
import { tablePanel } from '../panels/table.ts';

const keys = `max by (prefix) (${ofCluster('etcd_caretaker_keyspace_keys')})`;
const bytes = `max by (prefix) (${ofCluster('etcd_caretaker_keyspace_bytes')})`;
const writes = `max by (prefix) (${rate(ofCluster('etcd_caretaker_keyspace_writes_total'))})`;

/** Who it is. The agents list the largest prefixes, and the rest as `other`. */
export const prefixPanels = [
  tablePanel({
    title: 'Prefixes',
    shows: 'Keys, bytes and writes of the largest prefixes; `other` is the rest.',
    normal: 'names that you know; in Kubernetes pods, leases and events in front.',
    otherwise:
      '`etcd-caretaker keyspace --depth N` looks deeper. `backup diff` says what has grown since then, by resource and namespace.',
    alerts: ['EtcdQuotaHigh', 'EtcdQuotaFullSoon'],
    unit: Short,
    labels: { prefix: 'Prefix' },
    columns: [
      { legend: 'Keys', expr: keys },
      { legend: 'Bytes', expr: bytes, unit: BytesIEC },
      { legend: 'Bytes a key', expr: `${bytes} / (${keys} > 0)`, unit: BytesIEC },
      { legend: 'Writes', expr: writes, unit: WritesPerSecond },
    ],
    width: 24,
    height: 10,
  }),
  seriesPanel({
    title: 'Bytes',
    shows: 'Bytes of keys and newest values under each prefix.',
    normal: 'level.',
    otherwise:
      'one rises steadily: its objects are written and never deleted. Events and leases should end by themselves.',
    unit: BytesIEC,
    queries: [{ expr: `topk(15, ${bytes})`, legend: '{{prefix}}' }],
    stacked: true,
    width: 12,
    height: 10,
    min: 0,
  }),
  seriesPanel({
    title: 'Writes',
    shows: 'Puts and deletes under each prefix, each second.',
    normal: 'level, and nobody far ahead that you do not know.',
    otherwise:
      'a controller that fights another one writes the same objects again and again: many writes, and no more keys.',
    unit: WritesPerSecond,
    queries: [{ expr: `topk(15, ${writes})`, legend: '{{prefix}}' }],
    stacked: true,
    width: 12,
    height: 10,
    min: 0,
  }),
  seriesPanel({
    title: 'Keys',
    shows: 'Keys under each prefix.',
    normal: 'level.',
    otherwise: 'rises while the bytes hardly do: many small objects, often leases or events.',
    unit: Short,
    queries: [{ expr: `topk(15, ${keys})`, legend: '{{prefix}}' }],
    width: 12,
    height: 10,
    min: 0,
  }),
  seriesPanel({
    title: 'Growth',
    shows: 'How fast the bytes under each prefix rise or fall, over the rate interval.',
    normal: 'around 0.',
    otherwise: 'above 0 for hours: this is the prefix that fills the quota.',
    alerts: ['EtcdQuotaFullSoon'],
    unit: BytesPerSecondIEC,
    queries: [
      {
        expr: `topk(15, max by (prefix) (deriv(${ofCluster('etcd_caretaker_keyspace_bytes')}[$__rate_interval])))`,
        legend: '{{prefix}}',
      },
    ],
    width: 12,
    height: 10,
  }),
];
