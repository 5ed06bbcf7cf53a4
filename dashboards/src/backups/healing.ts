import { BytesIEC, NoUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { byAgentsMember, ofCluster } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';
import { statesPanel } from '../panels/states.ts';
import { tablePanel } from '../panels/table.ts';

/** The last lines: what is kept beside the members, and how the agents stand to a lost quorum. */
export const healingPanels = [
  statesPanel({
    title: 'Recovery of a lost quorum',
    shows: 'How the agent of each member stands to it: 1 idle or manual, 2 waiting, 3 holding, 4 under way.',
    normal: 'idle, or manual where a person has to start it.',
    otherwise: '`etcd-caretaker recover` shows evidence and plan; the reasons why it is held are in the table.',
    alerts: ['EtcdQuorumLost', 'EtcdRecoveryDoubtful'],
    queries: [
      {
        expr: ['idle|manual', 'waiting', 'holding', 'under-way']
          .map((state, index) => byAgentsMember(`${index + 1} * (${recoveryState(state)} == 1)`))
          .join(' or '),
        legend: '{{member}}',
      },
    ],
    words: { 1: ['idle', 'green'], 2: ['waiting', 'yellow'], 3: ['held', 'red'], 4: ['under way', 'blue'] },
    width: 8,
  }),
  tablePanel({
    title: 'What is or would be in the way of a recovery',
    shows: 'Reasons that hold a recovery now, or would hold it if the quorum were lost (doubts).',
    normal: 'empty.',
    otherwise: 'docs/recovery.md says of each what it means; most are gone once every agent is heard.',
    alerts: ['EtcdRecoveryDoubtful'],
    unit: NoUnit,
    labels: { reason: 'Reason', kind: 'Kind' },
    columns: [{ legend: 'Holds', expr: `${reasons('held')} or ${reasons('doubts')}`, hidden: true }],
    width: 8,
    none: 'Nothing',
  }),
  seriesPanel({
    title: 'Quarantine',
    shows: 'Old data dirs that are kept beside each member: nothing is deleted that was replaced.',
    normal: '0; after a replacement one, until it is released by age.',
    otherwise: 'several: a member is replaced again and again; see why it ends.',
    unit: BytesIEC,
    queries: [{ expr: byAgentsMember(ofCluster('etcd_caretaker_quarantine_bytes')), legend: '{{member}}' }],
    min: 0,
  }),
  seriesPanel({
    title: 'Last gasps',
    shows: 'Time since the agent of each member has kept a snapshot of it because the quorum was lost.',
    normal: 'nothing: it never was.',
    otherwise: 'minutes: the quorum is lost, and this is what a recovery begins from.',
    alerts: ['EtcdQuorumLost'],
    unit: Seconds,
    queries: [
      {
        expr: `time() - ${byAgentsMember(ofCluster('etcd_caretaker_backup_last_gasp_timestamp_seconds'))}`,
        legend: '{{member}}',
      },
    ],
    width: 8,
  }),
  seriesPanel({
    title: 'Drills that failed',
    shows: 'Drills that ended badly in the rate interval, by the first reason.',
    normal: 'none.',
    otherwise:
      'a backup that cannot be restored is none: `etcd-caretaker drill --once` on another machine, then `backup verify`.',
    alerts: ['EtcdDrillFailed'],
    unit: Short,
    queries: [
      {
        expr: `sum by (reason) (increase(${ofCluster('etcd_caretaker_drill_failures_total')}[$__rate_interval]))`,
        legend: '{{reason}}',
      },
    ],
    bars: true,
    width: 8,
    min: 0,
  }),
  seriesPanel({
    title: 'Notifications that did not arrive',
    shows:
      'Events that a receiver could not be told in the rate interval: attempts that failed, and events that were given up.',
    normal: 'none.',
    otherwise: 'a page may not have arrived: check the receiver’s URL and its credentials.',
    unit: Short,
    queries: [
      {
        expr: `sum by (receiver) (increase(${ofCluster('etcd_caretaker_notify_failures_total')}[$__rate_interval]))`,
        legend: '{{receiver}} failed',
      },
      {
        expr: `sum by (receiver) (increase(${ofCluster('etcd_caretaker_notify_dropped_total')}[$__rate_interval]))`,
        legend: '{{receiver}} given up',
      },
    ],
    bars: true,
    width: 8,
    min: 0,
  }),
];

function recoveryState(state: string): string {
  return ofCluster('etcd_caretaker_recovery_state', `state=~"${state}"`);
}

/** The reasons of a kind, with the kind as a label. */
function reasons(kind: 'held' | 'doubts'): string {
  const holding = `max by (reason) (${ofCluster(`etcd_caretaker_recovery_${kind}`)} == 1)`;
  return `label_replace(${holding}, "kind", "${kind}", "", "")`;
}
