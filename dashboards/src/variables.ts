import {
  ConstantVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE } from './datasource.ts';
import { memberOfServer } from './metrics.ts';
import { RUNBOOKS } from './runbooks.ts';

/** Something that builds a variable, as Grafana's SDK takes it. */
export interface BuildsVariable {
  build(): VariableModel;
}

/** Which Prometheus. */
function datasource(): BuildsVariable {
  return new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus');
}

/** Where the runbooks lie: whoever keeps a copy changes it here, once for the dashboard. */
function runbooks(): BuildsVariable {
  const variable = new ConstantVariableBuilder('runbooks').label('Runbooks').value(RUNBOOKS);
  const current = { selected: true, text: RUNBOOKS, value: RUNBOOKS };
  return { build: () => ({ ...variable.build(), hide: VariableHide.HideVariable, current }) };
}

/** The clusters that agents report of: the label `cluster` of the targets. */
const CLUSTERS = 'label_values(etcd_caretaker_cluster_info, cluster)';

function queried(name: string, label: string, query: string): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(DATASOURCE)
      // The form that Grafana writes; a bare text would be migrated on load, and then count as an unsaved change.
      .query({ query, refId: `Variable-${name}` })
      .definition(query)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
  );
}

/** All series of the member, also where its address changed within the time range. */
function everyOne(variable: QueryVariableBuilder): BuildsVariable {
  return variable
    .hide(VariableHide.HideVariable)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: 'All', value: '$__all' });
}

/** Of a dashboard over many clusters. */
export function fleetVariables(): readonly BuildsVariable[] {
  const cluster = queried('cluster', 'Cluster', CLUSTERS)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: 'All', value: '$__all' });
  return [datasource(), cluster, runbooks()];
}

/** Of a dashboard about one cluster. */
export function clusterVariables(): readonly BuildsVariable[] {
  return [datasource(), queried('cluster', 'Cluster', CLUSTERS), runbooks()];
}

/**
 * Of a dashboard about one member. A person chooses its name; `agent` and `etcd` are the addresses (label `instance`) at which the
 * agent beside it and etcd itself are scraped.
 */
export function memberVariables(): readonly BuildsVariable[] {
  const members = 'etcd_caretaker_member_info{cluster="$cluster"}';
  const agents = 'etcd_caretaker_agent_info{cluster="$cluster", member="$member"}';
  const servers = memberOfServer(
    'last_over_time(etcd_server_id{cluster="$cluster"}[$__range])',
    'last_over_time(etcd_caretaker_member_info{cluster="$cluster", member="$member"}[$__range])',
  );
  return [
    datasource(),
    queried('cluster', 'Cluster', CLUSTERS),
    queried('member', 'Member', `label_values(${members}, member)`),
    everyOne(queried('agent', 'Agent', `label_values(${agents}, instance)`)),
    // Not by the agent beside it: that may be down just when one looks here.
    everyOne(queried('etcd', 'Etcd', `query_result(${servers})`).regex('/instance="([^"]+)"/')),
    runbooks(),
  ];
}
