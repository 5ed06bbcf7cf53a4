import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { folder } from './dashboard-files.ts';

/** A file of the folder from which Grafana is provisioned. */
function provisioned(path: string): unknown {
  return parse(readFileSync(join(folder, 'provisioning', path), 'utf8'));
}

it('Grafana is given a Prometheus whose address is set in its environment', () => {
  expect(provisioned('datasources/etcd-caretaker.yaml')).toMatchObject({
    apiVersion: 1,
    datasources: [{ type: 'prometheus', url: '${PROMETHEUS_URL}', jsonData: { timeInterval: '15s' } }],
  });
});

it('Grafana reads the dashboards from a folder, and lets nobody save over them', () => {
  expect(provisioned('dashboards/etcd-caretaker.yaml')).toMatchObject({
    apiVersion: 1,
    providers: [{ type: 'file', allowUiUpdates: false, options: { path: '${ETCD_CARETAKER_DASHBOARDS}' } }],
  });
});
