import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { environmentIn, type PodSpec } from '../pod.ts';
import { podPatched } from '../pod-patch.ts';
import { configOf, expectMounted } from './agent-config.ts';
import { controlPlane, daemonset, daemonsetOfEvents, daemonsetThatHeals } from './cases.ts';
import { chartFolder, helm, rendered, type Values } from './helm.ts';
import { objectOf, podOf } from './objects.ts';

const fields = { 'spec.nodeName': 'cp-1', 'status.hostIP': '10.0.0.1' };
const kubeadm = join(chartFolder, '..', '..', 'kubeadm');
const manifest = (file: string): PodSpec =>
  parse(readFileSync(join(kubeadm, file), 'utf8'), { version: '1.1' }).spec.template.spec;

const agentIn = async (values: Values, name = 'etcd-caretaker') => {
  const objects = rendered(values, { ...controlPlane, name });
  const set = objectOf(objects, 'DaemonSet');
  const pod = podOf(set);
  const [agent] = pod?.containers ?? [];
  const env = environmentIn(agent, fields);
  const config = await configOf(String(objectOf(objects, 'ConfigMap', name).data?.['agent.yaml']), env);
  return { objects, set, pod, agent, env, config };
};

describe.skipIf(helm === undefined)('the chart as daemonset', () => {
  test.each([
    ['watches', daemonset],
    ['heals', daemonsetThatHeals],
    ['watches a second etcd', daemonsetOfEvents],
  ])(
    'has an agent that %s, whose configuration is taken and whose files are there at the host’s own paths',
    async (_, values) => {
      const { config, agent, pod, env } = await agentIn(values);
      expect(config.member.endpoint).toMatch(/^https:\/\/10\.0\.0\.1:/);
      expect(config.supervise.kind).toBe(values === daemonsetThatHeals ? 'static-pod' : 'none');
      expect(env['ETCD_CARETAKER_AGENT']).toBe(`unix:${config.expose.socket}`);
      expectMounted(agent, pod?.volumes ?? [], config);
      for (const { name, hostPath } of pod?.volumes ?? []) {
        const mount = agent?.volumeMounts.find((each) => each.name === name);
        if (hostPath !== undefined && name !== 'scratch') expect(hostPath.path).toBe(mount?.mountPath);
      }
    },
  );

  test.each([
    ['watches', daemonset, manifest('base/daemonset.yaml')],
    [
      'heals',
      { ...daemonset, daemonset: { healing: true, peers: ['cp-1=https://10.0.0.1:2380 https://10.0.0.1:9379'] } },
      podPatched(manifest('base/daemonset.yaml'), manifest('healing/daemonset.yaml')),
    ],
  ])('is the pod of deploy/kubeadm, where it %s', async (_, values, plain) => {
    const { pod, env, agent, config } = await agentIn(values);
    const [plainAgent] = plain.containers;
    expect(agent?.securityContext).toEqual(plainAgent?.securityContext);
    expect(agent?.args).toEqual(plainAgent?.args);
    expect(agent?.livenessProbe).toEqual(plainAgent?.livenessProbe);
    expect(agent?.volumeMounts).toEqual(plainAgent?.volumeMounts);
    const places = ({ volumes }: PodSpec) =>
      volumes.map(({ name, hostPath, emptyDir }) => ({ name, hostPath, emptyDir }));
    expect(places(pod ?? plain)).toEqual(places(plain));
    const { containers: _c, volumes: _v, ...around } = plain;
    expect(pod).toMatchObject(around);
    // The same agent, by other words.
    const plainEnv = environmentIn(plainAgent, fields);
    const plainConfig = await configOf(readFileSync(join(kubeadm, 'base/agent.yaml'), 'utf8'), plainEnv);
    const { peers, ...others } = config.cluster;
    expect({ ...config, cluster: others, supervise: { ...config.supervise, kind: '' } }).toEqual({
      ...plainConfig,
      cluster: { ...plainConfig.cluster, peers: undefined },
      supervise: { ...plainConfig.supervise, kind: '' },
    });
    expect(peers).toHaveLength('daemonset' in values ? 1 : 0);
    expect(env).toMatchObject(
      Object.fromEntries(Object.entries(plainEnv).filter(([name]) => !name.includes('SUPERVISE'))),
    );
  });

  test('has no right in Kubernetes, and no token', async () => {
    const { objects, pod } = await agentIn(daemonsetThatHeals);
    expect(objects.filter(({ kind }) => /Role/.test(kind))).toEqual([]);
    expect(pod?.automountServiceAccountToken).toBe(false);
  });

  test('can write nothing of the host but its own files, where it only watches', async () => {
    const { pod, agent } = await agentIn(daemonset);
    const writable = pod?.volumes.flatMap(({ name, hostPath }) => {
      const mount = agent?.volumeMounts.find((each) => each.name === name);
      return hostPath === undefined || mount?.readOnly === true ? [] : [hostPath.path];
    });
    expect(writable).toEqual(['/var/lib/etcd', '/var/lib/etcd.last-gasp', '/run/etcd-caretaker']);
  });

  test('stands beside a second etcd of the same machines without meeting the first one', async () => {
    const [one, other] = [await agentIn(daemonset), await agentIn(daemonsetOfEvents, 'etcd-caretaker-events')];
    for (const pick of [
      (of: typeof one): unknown => of.config.expose.listen.port,
      (of: typeof one): unknown => of.config.expose.socket,
      (of: typeof one): unknown => of.config.operate.pauseFile,
      (of: typeof one): unknown => of.config.member.endpoint,
      (of: typeof one): unknown => of.config.member.metricsUrl,
      (of: typeof one): unknown => of.config.member.dataDir,
      (of: typeof one): unknown => of.config.backup.lastGasp.dir,
      (of: typeof one): unknown => of.config.cluster.keyPrefix,
      (of: typeof one): unknown => of.config.cluster.name,
      (of: typeof one): unknown => of.set.spec.selector.matchLabels['app.kubernetes.io/instance'],
    ]) {
      expect(pick(one)).not.toEqual(pick(other));
    }
    const ids = [...one.objects, ...other.objects].map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
