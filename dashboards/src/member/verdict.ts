import { NoUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { ofAgent, ofCluster, ofMember } from '../metrics.ts';
import { statPanel } from '../panels/stat.ts';
import { statesPanel } from '../panels/states.ts';
import { tablePanel } from '../panels/table.ts';
import { HOLDS, YES_IS_WELL } from '../panels/words.ts';

/** What the agents say of this member, before any graph. */
export const verdictPanels = [
  statPanel({
    title: 'State',
    shows: 'The state of the member, as the agent beside it sees it.',
    normal: 'healthy; learner while it is new.',
    otherwise:
      'no-quorum: look at the cluster. nospace, corrupt: see the runbook. None: the agent does not see its member.',
    alerts: ['EtcdMemberDown', 'EtcdNoSpaceAlarm', 'EtcdCorruptAlarm'],
    unit: NoUnit,
    query: { expr: `max by (state) (${ofAgent('etcd_caretaker_own_member_state')} == 1)`, legend: '{{state}}' },
    nameOnly: true,
    none: 'not seen',
  }),
  statPanel({
    title: 'Answers',
    shows: 'Whether any agent of the cluster reaches it.',
    normal: 'yes.',
    otherwise:
      'its agent starts it again; after `heal.replaceAfter` it is replaced. `etcd-caretaker explain replace` says how far that is.',
    alerts: ['EtcdMemberDown'],
    unit: NoUnit,
    query: { expr: `max(${ofMember('etcd_caretaker_member_reachable')})`, legend: 'answers' },
    words: YES_IS_WELL,
  }),
  statPanel({
    title: 'Agents that reach it',
    shows: 'The share of the cluster’s agents that reach it.',
    normal: 'all.',
    otherwise: 'some do not: a partition. See which ones in the round trips of the cluster.',
    alerts: ['EtcdMemberPartitioned'],
    unit: 'percentunit',
    query: { expr: `avg(${ofMember('etcd_caretaker_member_reachable')})`, legend: 'agents' },
    limits: { warning: 1, critical: 0.5, well: 'high' },
  }),
  statPanel({
    title: 'Raft role',
    shows: 'Whether it leads the cluster.',
    normal: 'either; one member leads.',
    otherwise: 'a leader on a bad disk slows all writes: the agents move the leadership away.',
    unit: NoUnit,
    query: { expr: `max(${ofMember('etcd_caretaker_member_is_leader')})`, legend: 'role' },
    words: { 0: ['follower', 'text'], 1: ['leader', 'blue'] },
  }),
  statPanel({
    title: 'Etcd up for',
    shows: 'The time since the process of etcd started.',
    normal: 'days.',
    otherwise: 'minutes, again and again: `etcd-caretaker status` says how it ended, and its log has the last words.',
    alerts: ['EtcdCrashLoop'],
    unit: Seconds,
    query: { expr: `time() - max(${ofAgent('etcd_caretaker_process_start_time_seconds')})`, legend: 'up' },
  }),
  statPanel({
    title: 'Version',
    shows: 'The version of etcd that it runs.',
    normal: 'the same as the others’.',
    otherwise: '`etcd-caretaker doctor` names versions that are known to be dangerous.',
    unit: NoUnit,
    query: {
      expr: `max by (version) (${ofMember('etcd_caretaker_member_info', 'version!=""')})`,
      legend: '{{version}}',
    },
    nameOnly: true,
  }),
  statesPanel({
    title: 'Causes that the agents name',
    shows: 'When which cause held for this member, or (without a name) for the whole cluster.',
    normal: 'empty.',
    otherwise:
      '`etcd-caretaker doctor` beside it gives evidence and first step; the rows below are in the order of the layers.',
    queries: [
      {
        expr: `max by (verdict, member) (${ofCluster('etcd_caretaker_diagnosis', 'member=~"$member|"')} == 1)`,
        legend: '{{verdict}} {{member}}',
      },
    ],
    words: HOLDS,
    none: 'The agents name no cause',
    height: 7,
  }),
  tablePanel({
    title: 'Findings of its agent',
    shows: 'What the agent beside it has found that a person should know.',
    normal: 'empty, or of severity info.',
    otherwise: '`etcd-caretaker doctor` beside it says what to do about each.',
    alerts: ['EtcdCaretakerDegraded'],
    unit: Short,
    labels: { severity: 'Severity', code: 'Finding' },
    columns: [{ expr: `max by (severity, code) (${ofAgent('etcd_caretaker_findings')} > 0)`, legend: 'How many' }],
    none: 'Nothing found',
    height: 7,
  }),
];
