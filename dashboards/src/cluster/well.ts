import { NoUnit, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { ofCluster } from '../metrics.ts';
import { statPanel } from '../panels/stat.ts';
import { statesPanel } from '../panels/states.ts';
import { HOLDS, YES_IS_WELL } from '../panels/words.ts';

/** The answer in one line, then what the agents name as the cause, over time. */
export const wellPanels = [
  statPanel({
    title: 'May be lost',
    shows:
      'How many more voters may be lost before writes stop: those that answer less the majority of the member list, as the agent has it that reaches most.',
    normal: '1 of three, 2 of five.',
    otherwise:
      '0: the next loss stops writes. Below 0: the quorum is lost; `etcd-caretaker recover` says what is to be done.',
    alerts: ['EtcdQuorumLost', 'EtcdNoFaultTolerance'],
    unit: Short,
    query: {
      expr: `max(${ofCluster('etcd_caretaker_cluster_voters_reachable')} - ${ofCluster('etcd_caretaker_cluster_quorum_size')})`,
      legend: 'voters',
    },
    limits: { warning: 1, critical: 0, well: 'high' },
  }),
  statPanel({
    title: 'Raft leader',
    shows: 'The member that leads by the word of most agents.',
    normal: 'one name, for days.',
    otherwise: 'none: no reads, no writes. See which members reach each other, below.',
    alerts: ['EtcdNoLeader'],
    unit: NoUnit,
    query: {
      expr: `topk(1, sum by (member) (${ofCluster('etcd_caretaker_member_is_leader')} == 1))`,
      legend: '{{member}}',
    },
    nameOnly: true,
    none: 'none',
  }),
  statPanel({
    title: 'Alarms',
    shows: 'NOSPACE and CORRUPT, as etcd has raised them.',
    normal: '0.',
    otherwise:
      'NOSPACE: no writes; the agents compact, defragment and disarm. CORRUPT: `etcd-caretaker explain replace`.',
    alerts: ['EtcdNoSpaceAlarm', 'EtcdCorruptAlarm'],
    unit: Short,
    query: {
      expr: `sum(max by (member, alarm) (${ofCluster('etcd_caretaker_alarm_active')})) or vector(0)`,
      legend: 'alarms',
    },
    limits: { critical: 1 },
  }),
  statPanel({
    title: 'Canaries answered',
    shows: 'The share of the agents’ own reads and writes in the time range that were answered in time.',
    normal: '99.9 % and more.',
    otherwise: 'clients fail as well: the row “What clients see” shows since when, and at which members.',
    alerts: ['EtcdSloBurnFast', 'EtcdSloBurnMedium', 'EtcdSloBurnSlow'],
    unit: PercentUnit,
    query: {
      expr:
        `sum(increase(${ofCluster('etcd_caretaker_canary_requests_total', 'outcome="succeeded"')}[$__range])) / ` +
        `sum(increase(${ofCluster('etcd_caretaker_canary_requests_total')}[$__range]))`,
      legend: 'answered',
    },
    limits: { warning: 0.9995, critical: 0.999, well: 'high' },
    decimals: 3,
  }),
  statPanel({
    title: 'Unprotected',
    shows: 'For how long the oldest change has been known that not every store can restore yet.',
    normal: 'some seconds.',
    otherwise: 'see Backups and certificates: which store is behind, and what its failures are.',
    alerts: ['EtcdWritesUnprotected', 'EtcdWritesLongUnprotected'],
    unit: Seconds,
    query: { expr: `max(${ofCluster('etcd_caretaker_backup_unprotected_seconds')})`, legend: 'unprotected' },
    limits: { warning: 300, critical: 3600 },
    none: 'no backups',
  }),
  statPanel({
    title: 'Operations paused',
    shows: 'Whether a person has paused all operations, for the cluster or beside one of its agents.',
    normal: 'no.',
    otherwise: '`etcd-caretaker status` says who, why and until when; `etcd-caretaker resume` ends it.',
    alerts: ['EtcdHealingPaused'],
    unit: NoUnit,
    query: { expr: `max(${ofCluster('etcd_caretaker_paused')})`, legend: 'paused' },
    words: { 0: ['no', 'green'], 1: ['paused', 'orange'] },
  }),
  statesPanel({
    title: 'Causes that the agents name',
    shows: 'When which cause held, and of which member; none: of the whole cluster.',
    normal: 'empty.',
    otherwise:
      '`etcd-caretaker doctor` gives the evidence and the first step of each, in the order in which they are to be read.',
    queries: [
      {
        expr: `max by (verdict, member) (${ofCluster('etcd_caretaker_diagnosis')} == 1)`,
        legend: '{{verdict}} {{member}}',
      },
    ],
    words: HOLDS,
    none: 'The agents name no cause',
  }),
  statesPanel({
    title: 'Members that answer',
    shows: 'Whether each member answered at least one agent, has a raft leader and no alarm but NOSPACE.',
    normal: 'all green; a gap of some seconds where one was restarted.',
    otherwise: 'open the member: its process, its disk, and who reaches it.',
    alerts: ['EtcdMemberDown', 'EtcdMemberPartitioned'],
    queries: [{ expr: `max by (member) (${ofCluster('etcd_caretaker_member_healthy')})`, legend: '{{member}}' }],
    words: YES_IS_WELL,
  }),
];
