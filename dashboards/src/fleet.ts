import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { happenings } from './annotations.ts';
import { fleetTable } from './fleet/clusters.ts';
import { comparisonPanels } from './fleet/comparison.ts';
import { numberPanels } from './fleet/numbers.ts';
import { troublePanels } from './fleet/trouble.ts';
import { frame } from './frame.ts';
import { fleetVariables } from './variables.ts';

/** All clusters on one page: which one needs somebody, and the way to it. */
export function fleetDashboard(): Dashboard {
  return frame({
    uid: 'etcd-caretaker-fleet',
    title: 'etcd / Fleet',
    description: 'All etcd clusters that etcd-caretaker tends: which one needs somebody, and the way to it.',
    variables: fleetVariables(),
    annotations: happenings('cluster=~"$cluster"'),
    from: 'now-6h',
    rows: [
      { title: 'Is anything wrong?', panels: numberPanels },
      { title: 'Every cluster', panels: [fleetTable] },
      { title: 'What and where', panels: troublePanels },
      { title: 'Side by side', panels: comparisonPanels },
    ],
  });
}
