import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Volume } from '../pod.ts';
import { all } from './cases.ts';
import { helm, rendered } from './helm.ts';
import { misfitsOf } from './kube-types.ts';
import { type KubeObject, podOf } from './objects.ts';

/** The version of each kind, as Kubernetes 1.21 and later have it. */
const versions: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  PersistentVolumeClaim: 'v1',
  Pod: 'v1',
  Service: 'v1',
  ServiceAccount: 'v1',
  DaemonSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  Job: 'batch/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  Role: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
  Certificate: 'cert-manager.io/v1',
  Issuer: 'cert-manager.io/v1',
  PodMonitor: 'monitoring.coreos.com/v1',
  PrometheusRule: 'monitoring.coreos.com/v1',
  ServiceMonitor: 'monitoring.coreos.com/v1',
};

const isPartOf = (labels: object, all: object): boolean =>
  Object.entries(labels).every(([name, value]) => Reflect.get(all, name) === value);

const labelsOfPods = ({ kind, metadata, spec }: KubeObject): object | undefined =>
  kind === 'Pod' ? metadata.labels : spec?.template?.metadata?.labels;

describe.skipIf(helm === undefined).each(all)('the chart as %s', (_, values, release) => {
  // What is skipped is collected all the same.
  const objects = helm === undefined ? [] : rendered(values, release);
  const pods = objects.flatMap((each) => {
    const pod = podOf(each);
    return pod === undefined ? [] : [{ of: each, pod }];
  });

  test('has only kinds and names that Kubernetes takes, each once', () => {
    for (const { apiVersion, kind, metadata } of objects) {
      expect(apiVersion, kind).toBe(versions[kind]);
      expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
      for (const [name, value] of Object.entries(metadata.labels ?? {})) {
        expect(name.split('/').at(-1)).toMatch(/^[A-Za-z0-9][-_.A-Za-z0-9]{0,62}$/);
        expect(value).toMatch(/^([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$/);
      }
      for (const value of Object.values(metadata.annotations ?? {})) expect(value).toBeTypeOf('string');
    }
    const ids = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(ids).toEqual([...new Set(ids)]);
  });

  test('says nothing that Kubernetes’ API does not know', () => {
    expect(objects.flatMap((each) => misfitsOf(each))).toEqual([]);
  });

  test('has no Secret, and every Secret that a pod mounts is read-only and for its owner and group', () => {
    expect(objects.map(({ kind }) => kind)).not.toContain('Secret');
    for (const { pod } of pods) {
      const secrets = pod.volumes.filter(({ secret }) => secret !== undefined);
      for (const { name, secret } of secrets) {
        expect([0o400, 0o440]).toContain(secret?.defaultMode);
        const mounts = pod.containers.flatMap(({ volumeMounts }) => volumeMounts.filter((each) => each.name === name));
        expect(mounts).toEqual([expect.objectContaining({ readOnly: true })]);
      }
      const valued = pod.containers.flatMap(({ env = [] }) => env.map((each) => Object.keys(each).sort()));
      for (const keys of valued)
        expect([
          ['name', 'value'],
          ['name', 'valueFrom'],
        ]).toContainEqual(keys);
      const named = pod.containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => Object.keys(valueFrom ?? {})));
      expect(named.flat()).not.toContain('secretKeyRef');
    }
  });

  test('mounts every volume of its pods, and only those', () => {
    for (const { of, pod } of pods) {
      const claimed: readonly { readonly metadata: { readonly name: string } }[] = of.spec.volumeClaimTemplates ?? [];
      const names = [...pod.volumes.map(({ name }: Volume) => name), ...claimed.map(({ metadata }) => metadata.name)];
      const mounted = pod.containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name));
      expect(mounted.toSorted()).toEqual(names.toSorted());
    }
  });

  test('gives its pods a read-only root and no more than they need', () => {
    for (const { of, pod } of pods) {
      expect(pod.automountServiceAccountToken).toBe(of.kind === 'StatefulSet');
      for (const { name, image, securityContext } of pod.containers) {
        expect(image, name).toMatch(/^(images|registry)\.example\//);
        expect(securityContext, name).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect({ ...pod.securityContext, ...securityContext }).toMatchObject({
          seccompProfile: { type: 'RuntimeDefault' },
        });
        expect(securityContext).not.toHaveProperty('privileged');
      }
    }
    const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
    for (const { automountServiceAccountToken } of accounts) expect(automountServiceAccountToken).toBe(false);
  });

  test('selects its own pods, of the agents or members alone', () => {
    for (const each of objects.filter(({ kind }) => ['StatefulSet', 'DaemonSet'].includes(kind))) {
      const { matchLabels } = each.spec.selector;
      expect(isPartOf(matchLabels, Object(labelsOfPods(each)))).toBe(true);
    }
    const selectors = objects.flatMap(({ kind, spec }) =>
      kind === 'Service' ? [spec.selector] : kind === 'PodDisruptionBudget' ? [spec.selector.matchLabels] : [],
    );
    for (const selector of selectors) {
      const selected = objects.filter((each) => isPartOf(selector, labelsOfPods(each) ?? {}));
      expect(selected.map(({ kind }) => kind).filter((kind) => kind !== 'StatefulSet' && kind !== 'DaemonSet')).toEqual(
        [],
      );
    }
  });

  test('names ports that its pods have', () => {
    const named = pods.flatMap(({ pod }) => pod.containers.flatMap(({ ports = [] }) => ports));
    for (const { kind, spec } of objects) {
      if (kind !== 'Service' || named.length === 0) continue;
      for (const { name, port, targetPort } of spec.ports) {
        expect(named).toContainEqual({ name: targetPort ?? name, containerPort: port });
      }
    }
  });

  test('keeps its configuration in a file without secrets', () => {
    const texts = objects.flatMap(({ data }) => (data?.['agent.yaml'] === undefined ? [] : [data['agent.yaml']]));
    expect(new Set(texts).size).toBe(1);
    const strings = (value: unknown): string[] =>
      typeof value === 'string' ? [value] : Object.values(Object(value)).flatMap(strings);
    expect(strings(parse(String(texts[0]))).filter((text) => text.includes('BEGIN '))).toEqual([]);
  });
});
