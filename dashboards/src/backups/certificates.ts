import { DatetimeISO, NoUnit, PercentUnit, Seconds } from '@grafana/grafana-foundation-sdk/units';
import { byAgentsMember, ofCluster } from '../metrics.ts';
import { seriesPanel } from '../panels/series.ts';
import { tablePanel } from '../panels/table.ts';

const notAfter = ofCluster('etcd_caretaker_certificate_not_after_seconds');
const notBefore = ofCluster('etcd_caretaker_certificate_not_before_seconds');
const DAY = 86_400;

/** As they are really served and used, not as they lie in a folder. */
export const certificatePanels = [
  tablePanel({
    title: 'Certificates',
    shows:
      'Each certificate that the agents saw, by role and subject; where several share both, the one that ends first.',
    normal: 'weeks left, and more than a fifth of its life.',
    otherwise: 'renew it. Etcd and the agents read new certificates by themselves; a new CA needs a restart of etcd.',
    alerts: ['EtcdCertificateExpiring', 'EtcdCertificateAlmostExpired'],
    unit: NoUnit,
    labels: { role: 'Role', subject: 'Subject' },
    columns: [
      {
        legend: 'Ends in',
        expr: `min by (role, subject) (${notAfter}) - time()`,
        unit: Seconds,
        limits: { warning: 30 * DAY, critical: 3 * DAY, well: 'high' },
      },
      {
        legend: 'Life left',
        expr: `min by (role, subject) ((${notAfter} - time()) / (${notAfter} - ${notBefore}))`,
        unit: PercentUnit,
        limits: { warning: 0.2, critical: 0.05, well: 'high' },
      },
      { legend: 'Ends', expr: `min by (role, subject) (${notAfter}) * 1000`, unit: DatetimeISO },
    ],
    width: 16,
    height: 10,
    none: 'No TLS',
  }),
  seriesPanel({
    title: 'First certificate that ends',
    shows: 'Time until the first certificate ends, by the member whose agent saw it.',
    normal: 'weeks; jumps up at each renewal.',
    otherwise: 'falls below a fifth of its life: the renewal does not work.',
    alerts: ['EtcdCertificateExpiring', 'EtcdCertificateAlmostExpired'],
    unit: Seconds,
    queries: [{ expr: byAgentsMember(`min by (instance) (${notAfter}) - time()`), legend: '{{member}}' }],
    height: 10,
    min: 0,
  }),
];
