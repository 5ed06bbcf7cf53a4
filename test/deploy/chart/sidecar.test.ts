import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { environmentIn, type PodSpec } from '../pod.ts';
import { configOf, expectMounted } from './agent-config.ts';
import { sidecar, sidecarWithAll } from './cases.ts';
import { helm, rendered, type Values } from './helm.ts';
import { objectOf } from './objects.ts';

const fields = { 'metadata.name': 'app-etcd-0', 'metadata.namespace': 'db' };

const snippetsOf = (values: Values) => {
  const objects = rendered(values);
  const data = objectOf(objects, 'ConfigMap', 'etcd-sidecar').data;
  const read = (name: string) => parse(String(data?.[name]), { version: '1.1' });
  const pod: PodSpec = read('patch.yaml').spec.template.spec;
  return { objects, patch: read('patch.yaml'), values: read('values.yaml'), pod, agent: pod.containers[0] };
};

describe.skipIf(helm === undefined)('the chart as sidecar', () => {
  test.each([
    ['with TLS', sidecar],
    ['with passwords, and without TLS', sidecarWithAll],
  ])('has a container for an etcd %s, whose configuration is taken and whose files are there', async (_, values) => {
    const { objects, agent, pod } = snippetsOf(values);
    const env = environmentIn(agent, fields);
    const config = await configOf(String(objectOf(objects, 'ConfigMap', 'etcd').data?.['agent.yaml']), env);
    const host = 'app-etcd-0.app-etcd-headless.db.svc.cluster.local';
    expect(config.member).toMatchObject({ name: 'app-etcd-0', dataDir: '/bitnami/etcd/data' });
    expect(new URL(config.member.endpoint).hostname).toBe(host);
    // Agents are asked only at hosts of etcd's member list.
    expect(new URL(String(config.expose.advertise)).hostname).toBe(host);
    expect(config.supervise.kind).toBe('none');
    // Root's runtime folder is the same one here.
    expect(config.expose.socket).toBe('/run/etcd-caretaker/app-etcd-0.sock');
    expectMounted(agent, pod.volumes, config);
  });

  test('never makes the pod unready: its process 1 goes on when the agent ends, and nothing probes it', () => {
    const { agent } = snippetsOf(sidecar);
    expect(agent?.command).toEqual(['etcd-caretaker-supervised']);
    expect(agent).not.toHaveProperty('readinessProbe');
    expect(agent).not.toHaveProperty('livenessProbe');
    expect(agent).not.toHaveProperty('startupProbe');
  });

  test('gives the same container to a chart that takes sidecars, and to a patch of the StatefulSet', () => {
    const { patch, values, pod } = snippetsOf(sidecar);
    const sidecars = values.sidecars.map((container: { readonly env: readonly { readonly name: string }[] }) => ({
      ...container,
      env: container.env.filter(({ name }) => name !== 'CARETAKER_CONFIG_SHA256'),
    }));
    expect({ ...values, sidecars }).toEqual({ sidecars: pod.containers, extraVolumes: pod.volumes });
    expect(patch).toMatchObject({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'app-etcd' } });
  });

  test('is another pod with another configuration, in both forms', () => {
    const [one, other] = [{}, { mode: 'plan' }].map((config) => snippetsOf({ ...sidecar, config }));
    expect(one?.values).not.toEqual(other?.values);
    expect(one?.patch.spec.template).not.toEqual(other?.patch.spec.template);
    // Of its own: what begins with ETCD_CARETAKER_ would be a setting.
    expect(one?.values.sidecars[0].env.map(({ name }: { readonly name: string }) => name)).toContain(
      'CARETAKER_CONFIG_SHA256',
    );
  });

  test('touches nothing of etcd’s own: every volume but that of the data is the agent’s', () => {
    const { pod, agent } = snippetsOf(sidecarWithAll);
    const mounted = agent?.volumeMounts.map(({ name }) => name) ?? [];
    expect(mounted.filter((name) => !name.startsWith('caretaker-'))).toEqual(['data']);
    expect(pod.volumes.map(({ name }) => name).toSorted()).toEqual(
      mounted.filter((name) => name !== 'data').toSorted(),
    );
    expect(agent?.name).toBe('etcd-caretaker');
  });

  test('has no pod, no service account and no right', () => {
    const { objects } = snippetsOf(sidecar);
    expect(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted()).toEqual([
      'ConfigMap/etcd',
      'ConfigMap/etcd-sidecar',
      'Service/etcd-agents',
    ]);
    expect(objectOf(objects, 'Service').spec.selector).toEqual(Reflect.get(Object(sidecar['sidecar']), 'podLabels'));
  });

  test('with cert-manager issues the agents’ certificate, for the hosts of the StatefulSet', () => {
    const { objects, pod } = snippetsOf(sidecarWithAll);
    const { spec } = objectOf(objects, 'Certificate', 'etcd-agent');
    expect(spec.dnsNames).toContain('*.app-etcd-headless.db.svc.cluster.local');
    expect(pod.volumes.flatMap(({ secret }) => secret?.secretName ?? [])).toContain(spec.secretName);
    expect(objects.filter(({ kind }) => kind === 'Certificate').map(({ metadata }) => metadata.name)).toEqual([
      'etcd-agent-ca',
      'etcd-agent',
    ]);
  });
});
