import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { environmentIn, mountOf, type PodSpec } from './pod.ts';
import { podPatched } from './pod-patch.ts';

const folder = join(import.meta.dirname, '..', '..', 'deploy', 'kubeadm');

const podOf = (file: string): PodSpec => parse(readFileSync(join(folder, file), 'utf8')).spec.template.spec;

const watching = podOf('base/daemonset.yaml');
const healing = podPatched(watching, podOf('healing/daemonset.yaml'));

const events = podPatched(watching, podOf('events/daemonset.yaml'));
const eventsHealing = [podOf('events/daemonset.yaml'), podOf('events/healing.yaml')].reduce(podPatched, healing);

const environmentOn = (node: string, ip: string, { containers: [agent] }: PodSpec): NodeJS.ProcessEnv =>
  environmentIn(agent, { 'spec.nodeName': node, 'status.hostIP': ip });

const configOf = async (pod: PodSpec, file = 'base/agent.yaml'): Promise<Config> => {
  const env = environmentOn('cp-1', '10.0.0.1', pod);
  const { config } = await loadConfig({ file: join(folder, file), env });
  return config;
};

test.each([
  ['that watches', watching],
  ['that heals', healing],
])(
  'an agent of kubeadm %s has a configuration that is taken, with the names and addresses of its node',
  async (_, pod) => {
    const { member, expose, supervise } = await configOf(pod);
    expect(member).toMatchObject({ name: 'cp-1', endpoint: 'https://10.0.0.1:2379', peerUrl: 'https://10.0.0.1:2380' });
    expect(expose).toMatchObject({ listen: { host: '10.0.0.1', port: 9379 }, socket: '/run/etcd-caretaker/cp-1.sock' });
    expect(environmentOn('cp-1', '10.0.0.1', pod)['ETCD_CARETAKER_AGENT']).toBe(`unix:${expose.socket}`);
    expect(supervise.kind).toBe(pod === healing ? 'static-pod' : 'none');
  },
);

test.each([
  ['that watches', events],
  ['that heals', eventsHealing],
])('an agent of a second etcd %s shares nothing with the first one but keys and token', async (_, pod) => {
  const { member, expose, supervise, cluster } = await configOf(pod, 'events/agent.yaml');
  expect(member).toMatchObject({
    name: 'cp-1-events',
    endpoint: 'https://10.0.0.1:12379',
    peerUrl: 'https://10.0.0.1:12380',
    metricsUrl: 'http://127.0.0.1:12381/metrics',
  });
  expect(expose).toMatchObject({ listen: { port: 19379 }, socket: '/run/etcd-caretaker/cp-1-events.sock' });
  expect(environmentOn('cp-1', '10.0.0.1', pod)['ETCD_CARETAKER_AGENT']).toBe(`unix:${expose.socket}`);
  expect(pod.containers[0]?.livenessProbe?.httpGet).toMatchObject({ scheme: 'HTTPS', port: 19379, path: '/healthz' });
  const first = await configOf(pod === events ? watching : healing);
  expect(supervise.kind).toBe(first.supervise.kind);
  expect(supervise.staticPod.manifest).not.toBe(first.supervise.staticPod.manifest);
  expect(cluster).not.toMatchObject({ name: first.cluster.name });
  expect(pod.volumes.flatMap(({ hostPath }) => hostPath?.path ?? [])).not.toContain('/var/lib/etcd');
  expect(pod.containers[0]?.volumeMounts.filter(({ mountPath }) => /^\/var\/lib\/etcd(\.|$)/.test(mountPath))).toEqual(
    [],
  );
});

test('the kustomization of a second etcd names files and folders that are there', () => {
  const { resources, patches, configMapGenerator } = parse(
    readFileSync(join(folder, 'events/kustomization.yaml'), 'utf8').replaceAll(
      /^( *)# (components:| {2}- |- path)/gm,
      '$1$2',
    ),
  );
  const named = [...resources, ...patches.map(({ path }: { path: string }) => path), ...configMapGenerator[0].files];
  for (const path of named) expect(existsSync(join(folder, 'events', path)), path).toBe(true);
  expect(named).toEqual(expect.arrayContaining(['../base', 'daemonset.yaml', 'healing.yaml', 'agent.yaml']));
});

test.each([
  ['watches', watching, 'base/agent.yaml'],
  ['heals', healing, 'base/agent.yaml'],
  ['watches a second etcd', events, 'events/agent.yaml'],
  ['heals a second etcd', eventsHealing, 'events/agent.yaml'],
])(
  'a pod of kubeadm that %s can write what its configuration has it write, at the host’s own paths, and reads its keys',
  async (_, pod, file) => {
    const { member, backup, expose, operate, supervise, cluster } = await configOf(pod, file);
    const written = [
      // It is a mount, which cannot be renamed: old data go to quarantine inside of it.
      member.dataDir,
      ...(supervise.kind === 'static-pod' ? [supervise.stateDir, dirname(supervise.staticPod.manifest)] : []),
      backup.lastGasp.dir,
      dirname(expose.socket),
      dirname(operate.pauseFile),
    ];
    const read = [...Object.values(cluster.tls), ...Object.values(cluster.peerTls), ...Object.values(expose.tls)];
    expect(mountOf(pod.containers[0], String(expose.auth.tokenFile))).toMatchObject({ name: 'token', readOnly: true });
    for (const path of [...written, ...read]) {
      const mount = mountOf(pod.containers[0], path);
      expect(mount, path).toBeDefined();
      const volume = pod.volumes.find(({ name }) => name === mount?.name);
      expect(volume?.hostPath?.path, path).toBe(mount?.mountPath);
      expect(mount?.readOnly ?? false, path).toBe(read.includes(path));
    }
  },
);

test('an agent of kubeadm that only watches can write nothing of the host but its own files, and has no right in Kubernetes', () => {
  const writable = watching.volumes.flatMap(({ name, hostPath }) => {
    const mount = watching.containers[0]?.volumeMounts.find((each) => each.name === name);
    return hostPath === undefined || mount?.readOnly === true ? [] : [hostPath.path];
  });
  expect(writable).toEqual(['/var/lib/etcd', '/var/lib/etcd.last-gasp', '/run/etcd-caretaker']);
  expect(watching).toMatchObject({ automountServiceAccountToken: false });
  expect(healing).toMatchObject({ automountServiceAccountToken: false });
});
