import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { happenings } from './annotations.ts';
import { certificatePanels } from './backups/certificates.ts';
import { healingPanels } from './backups/healing.ts';
import { proofPanels } from './backups/proof.ts';
import { storePanels } from './backups/stores.ts';
import { frame } from './frame.ts';
import { clusterVariables } from './variables.ts';

/** Whether everything could be had back, how that is known, and which certificate ends first. */
export function backupsDashboard(): Dashboard {
  return frame({
    uid: 'etcd-caretaker-backups',
    title: 'etcd / Backups and certificates',
    description: 'Whether everything could be had back, how that is known, and which certificate ends first.',
    variables: clusterVariables(),
    annotations: happenings('cluster="$cluster"'),
    from: 'now-7d',
    rows: [
      { title: 'Could everything be had back?', panels: proofPanels },
      { title: 'Stores', panels: storePanels },
      { title: 'If it all goes wrong', panels: healingPanels },
      { title: 'Certificates', panels: certificatePanels },
    ],
  });
}
