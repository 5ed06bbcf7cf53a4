import { BytesIEC, NoUnit, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { byAgentsMember, ofCluster } from '../metrics.ts';
import { type Column, tablePanel } from '../panels/table.ts';
import { YES_IS_WELL } from '../panels/words.ts';
import { roundTripMatrix, unreachableMatrix } from './round-trips.ts';

function seen(metric: string): string {
  return `max by (member) (${ofCluster(metric)})`;
}

const columns: readonly Column[] = [
  { legend: 'Answers', expr: seen('etcd_caretaker_member_reachable'), words: YES_IS_WELL, unit: NoUnit },
  { legend: 'Healthy', expr: seen('etcd_caretaker_member_healthy'), words: YES_IS_WELL, unit: NoUnit },
  {
    legend: 'Leads',
    expr: seen('etcd_caretaker_member_is_leader'),
    words: { 0: ['', 'transparent'], 1: ['leader', 'blue'] },
    unit: NoUnit,
  },
  {
    legend: 'Learner',
    expr: seen('etcd_caretaker_member_is_learner'),
    words: { 0: ['', 'transparent'], 1: ['learner', 'purple'] },
    unit: NoUnit,
  },
  {
    legend: 'Entries behind',
    expr: seen('etcd_caretaker_member_raft_index_lag'),
    limits: { warning: 1000, critical: 5000 },
  },
  { legend: 'Revisions behind', expr: seen('etcd_caretaker_member_revision_lag') },
  { legend: 'Database', expr: seen('etcd_caretaker_member_db_size_bytes'), unit: BytesIEC },
  { legend: 'In use', expr: seen('etcd_caretaker_member_db_size_in_use_bytes'), unit: BytesIEC },
  {
    legend: 'Quota used',
    expr: byAgentsMember(ofCluster('etcd_caretaker_quota_used_ratio')),
    unit: PercentUnit,
    limits: { warning: 0.8, critical: 0.92 },
  },
  {
    legend: 'WAL fsync p99',
    expr: byAgentsMember(ofCluster('etcd_caretaker_wal_fsync_p99_seconds')),
    unit: Seconds,
    limits: { warning: 0.01, critical: 0.1 },
  },
  {
    legend: 'Etcd up for',
    expr: `time() - ${byAgentsMember(ofCluster('etcd_caretaker_process_start_time_seconds'))}`,
    unit: Seconds,
  },
];

/** Every member in a row, the versions that they run, and who reaches whom. */
export const memberPanels = [
  tablePanel({
    title: 'Members',
    shows: 'Each member of the list, as the agents see it; a click on its name opens it.',
    normal: 'all answer and are healthy, one leads, none is behind by more than some entries.',
    otherwise: 'open the member that stands out. One that is far behind and stays so has a slow disk or link.',
    alerts: ['EtcdMemberDown', 'EtcdFollowerLag', 'EtcdLearnerStuck'],
    unit: Short,
    labels: { member: 'Member' },
    columns,
    link: {
      label: 'member',
      title: 'Open the member',
      url: '/d/etcd-caretaker-member?var-cluster=${cluster}&var-member=${__value.text}&var-datasource=${datasource}',
    },
    width: 24,
    height: 7,
  }),
  roundTripMatrix,
  unreachableMatrix,
  tablePanel({
    title: 'Versions and ids',
    shows: 'The version and the id of each member; etcd’s own metrics and logs have the id only.',
    normal: 'one version; two while an upgrade is under way.',
    otherwise: '`etcd-caretaker doctor` names the versions that are known to be dangerous, alone or together.',
    unit: NoUnit,
    labels: { member: 'Member', version: 'Etcd', member_id: 'Id' },
    columns: [
      {
        expr: `max by (member, version, member_id) (${ofCluster('etcd_caretaker_member_info', 'version!=""')})`,
        legend: 'Known',
        hidden: true,
      },
    ],
    width: 8,
  }),
];
