import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { backupsDashboard } from './backups.ts';
import { clusterDashboard } from './cluster.ts';
import { fleetDashboard } from './fleet.ts';
import { keyspaceDashboard } from './keyspace.ts';
import { memberDashboard } from './member.ts';

/** Every dashboard by the name of its file. */
export const dashboards: Readonly<Record<string, () => Dashboard>> = {
  'fleet.json': fleetDashboard,
  'cluster.json': clusterDashboard,
  'member.json': memberDashboard,
  'keyspace.json': keyspaceDashboard,
  'backups.json': backupsDashboard,
};

/** What stands in the file of a dashboard. */
export function fileText(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
