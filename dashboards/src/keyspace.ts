import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { happenings } from './annotations.ts';
import { frame } from './frame.ts';
import { fullnessPanels } from './keyspace/fullness.ts';
import { prefixPanels } from './keyspace/prefixes.ts';
import { clusterVariables } from './variables.ts';

/** Who fills etcd: keys, bytes and writes by prefix, and until when there is room. */
export function keyspaceDashboard(): Dashboard {
  return frame({
    uid: 'etcd-caretaker-keyspace',
    title: 'etcd / Keyspace',
    description: 'Who fills etcd: keys, bytes and writes by prefix, and until when there is room.',
    variables: clusterVariables(),
    annotations: happenings('cluster="$cluster"'),
    from: 'now-24h',
    rows: [
      { title: 'How full, and until when', panels: fullnessPanels },
      { title: 'By prefix', panels: prefixPanels },
    ],
  });
}
