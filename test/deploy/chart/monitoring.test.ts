import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cluster, clusterWithAll, daemonsetThatHeals, sidecarWithAll } from './cases.ts';
import { chartFolder, helm, rendered } from './helm.ts';
import { agentYamlOf, objectOf } from './objects.ts';

const placeholder = 'https://etcd-caretaker.example/runbooks';

describe.skipIf(helm === undefined)('the chart’s monitoring', () => {
  test('is off unless it is asked for', () => {
    const kinds = rendered(cluster).map(({ kind }) => kind);
    expect(kinds.filter((kind) => /Monitor|Prometheus/.test(kind))).toEqual([]);
    expect(rendered(cluster).filter(({ metadata }) => metadata.name.includes('dashboard'))).toEqual([]);
  });

  test('scrapes agents by TLS with the token, and etcd’s own page, both with the label of the cluster', () => {
    const objects = rendered(clusterWithAll);
    const { metadata, spec } = objectOf(objects, 'ServiceMonitor');
    const [agents, etcd] = spec.endpoints;
    expect(metadata.labels).toMatchObject({ release: 'prometheus' });
    expect(agents).toMatchObject({
      scheme: 'https',
      authorization: { credentials: { name: 'etcd-token', key: 'token' } },
      tlsConfig: { ca: { secret: { name: 'etcd-agent-tls', key: 'ca.crt' } } },
    });
    for (const { relabelings, honorLabels } of [agents, etcd]) {
      expect(relabelings).toEqual([{ targetLabel: 'cluster', replacement: 'prod' }]);
      expect(honorLabels).toBeUndefined();
    }
    const service = objectOf(objects, 'Service', 'etcd-agents');
    expect(service.metadata.labels).toMatchObject(spec.selector.matchLabels);
    const ports = service.spec.ports.map(({ name }: { name: string }) => name);
    expect([agents.port, etcd.port]).toEqual(ports);
    const selected = objects.filter(
      ({ kind, metadata: { labels } }) => kind === 'Service' && labels?.['app.kubernetes.io/component'] === 'agents',
    );
    expect(selected).toHaveLength(1);
  });

  test('shows a token that is good for reading alone, where the Secret has one', () => {
    const objects = rendered({ ...clusterWithAll, token: { readKey: 'read-token' } });
    const [agents] = objectOf(objects, 'ServiceMonitor').spec.endpoints;
    expect(agents.authorization.credentials).toEqual({ name: 'etcd-token', key: 'read-token' });
    const config = parse(agentYamlOf(objects));
    expect(config.expose.auth).toEqual({
      tokenFile: '/etc/etcd-caretaker-token/token',
      readTokenFile: '/etc/etcd-caretaker-token/read-token',
    });
    const { volumes } = objectOf(objects, 'StatefulSet').spec.template.spec;
    const mounted = volumes.find(({ name }: { name: string }) => name === 'caretaker-token');
    expect(mounted.secret.items).toEqual([
      { key: 'token', path: 'token' },
      { key: 'read-token', path: 'read-token' },
    ]);
  });

  test.each([
    ['sidecars', sidecarWithAll],
    ['control planes', daemonsetThatHeals],
  ])('scrapes the agents of %s by their pods', (_, values) => {
    const { spec } = objectOf(rendered(values), 'PodMonitor');
    expect(spec.podMetricsEndpoints).toEqual([expect.objectContaining({ port: 'agent', scheme: 'https' })]);
  });

  test('has the rules of alerts/, with the runbooks where they were put', () => {
    const { spec } = objectOf(rendered(clusterWithAll), 'PrometheusRule');
    const rules = readFileSync(join(chartFolder, '..', '..', '..', 'alerts', 'etcd-caretaker.rules.yaml'), 'utf8');
    expect(spec).toEqual(parse(rules.replaceAll(placeholder, 'https://wiki.example/etcd')));
    expect(JSON.stringify(spec)).toContain('https://wiki.example/etcd/EtcdQuorumLost.md');
  });

  test('has every dashboard, each in a ConfigMap that Grafana’s sidecar finds and Kubernetes takes', () => {
    const maps = rendered(clusterWithAll).filter(({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1');
    expect(maps.map(({ metadata }) => metadata.name)).toEqual(
      ['backups', 'cluster', 'fleet', 'keyspace', 'member'].map((name) => `etcd-dashboard-${name}`),
    );
    for (const { data = {} } of maps) {
      const [text = ''] = Object.values(data);
      expect(Buffer.byteLength(text)).toBeLessThan(2 ** 20);
      expect(text).not.toContain(placeholder);
      expect(JSON.parse(text)).toHaveProperty('panels');
    }
  });

  test('tells a Prometheus that goes by annotations where etcd’s page and the agents’ are', () => {
    const objects = rendered(clusterWithAll);
    const { metadata } = objectOf(objects, 'StatefulSet').spec.template;
    expect(metadata.annotations).toMatchObject({ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '12381' });
    expect(metadata.labels).toMatchObject({ cluster: 'prod' });
    expect(objectOf(objects, 'Service', 'etcd-agents').metadata).toMatchObject({
      annotations: { 'prometheus.io/scheme': 'https', 'prometheus.io/port': '19379' },
      labels: { cluster: 'prod' },
    });
  });
});
