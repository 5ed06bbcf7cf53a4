import { NoUnit } from '@grafana/grafana-foundation-sdk/units';
import { ofFleet } from '../metrics.ts';
import { tablePanel } from '../panels/table.ts';

/** What is wrong, by the agents and by the alerts. */
export const troublePanels = [
  tablePanel({
    title: 'What is wrong, and where',
    shows: 'What each agent names first, with the member that it is about (none: the whole cluster).',
    normal: 'empty.',
    otherwise: '`etcd-caretaker doctor` beside that member gives the evidence and the first step.',
    unit: NoUnit,
    labels: { cluster: 'Cluster', member: 'Member', verdict: 'Cause' },
    columns: [
      {
        expr: `max by (cluster, member, verdict) (${ofFleet('etcd_caretaker_diagnosis_rank')} == 1)`,
        legend: 'Holds',
        hidden: true,
      },
    ],
    width: 8,
    none: 'The agents name no cause',
  }),
  tablePanel({
    title: 'What a person is asked for',
    shows: 'What the leading agents hold for a person to look at, by policy and the first of its reasons.',
    normal: 'empty.',
    otherwise: '`etcd-caretaker explain` followed by the policy, in that cluster, has all reasons with the numbers.',
    alerts: ['EtcdHealingHeld', 'EtcdMemberNeedsPerson', 'EtcdBreakerOpen', 'EtcdBackupFailing', 'EtcdDrillFailed'],
    unit: NoUnit,
    labels: { cluster: 'Cluster', policy: 'Policy', reason: 'Reason' },
    columns: [
      {
        expr: `max by (cluster, policy, reason) (${ofFleet('etcd_caretaker_page')} == 1)`,
        legend: 'Asked',
        hidden: true,
      },
    ],
    width: 8,
    none: 'Nobody is asked for anything',
  }),
  tablePanel({
    title: 'Alerts that fire',
    shows: 'Alerts of these clusters that fire now.',
    normal: 'empty.',
    otherwise: 'begin with those of severity page, and with the lowest layer: disk and network before etcd.',
    unit: NoUnit,
    labels: { cluster: 'Cluster', severity: 'Severity', alertname: 'Alert' },
    columns: [
      {
        expr: `count by (cluster, severity, alertname) (${ofFleet('ALERTS', 'alertstate="firing"', 'severity!="none"')})`,
        legend: 'Series',
      },
    ],
    width: 8,
    none: 'No alert fires',
  }),
];
