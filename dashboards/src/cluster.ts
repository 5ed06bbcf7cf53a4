import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { happenings } from './annotations.ts';
import { actingPanels } from './cluster/acting.ts';
import { clientPanels } from './cluster/clients.ts';
import { consensusPanels } from './cluster/consensus.ts';
import { diskPanels } from './cluster/disks.ts';
import { memberPanels } from './cluster/members.ts';
import { wellPanels } from './cluster/well.ts';
import { frame } from './frame.ts';
import { clusterVariables } from './variables.ts';

/** One cluster: whether it is well, which member stands out, and what the agents do about it. */
export function clusterDashboard(): Dashboard {
  return frame({
    uid: 'etcd-caretaker-cluster',
    title: 'etcd / Cluster',
    description: 'One etcd cluster: whether it is well, which member stands out, and what the agents do about it.',
    variables: clusterVariables(),
    annotations: happenings('cluster="$cluster"'),
    from: 'now-6h',
    rows: [
      { title: 'Is it well?', panels: wellPanels },
      { title: 'Members', panels: memberPanels },
      { title: 'What clients see', panels: clientPanels },
      { title: 'Consensus', panels: consensusPanels },
      { title: 'Disks and storage', panels: diskPanels },
      { title: 'What the agents do', panels: actingPanels },
    ],
  });
}
