import { readFileSync } from 'node:fs';
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

const environmentOn = (node: string, ip: string, { containers: [agent] }: PodSpec): NodeJS.ProcessEnv =>
  environmentIn(agent, { 'spec.nodeName': node, 'status.hostIP': ip });

const configOf = async (pod: PodSpec): Promise<Config> => {
  const env = environmentOn('cp-1', '10.0.0.1', pod);
  const { config } = await loadConfig({ file: join(folder, 'base/agent.yaml'), env });
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
  ['watches', watching],
  ['heals', healing],
])(
  'a pod of kubeadm that %s can write what its configuration has it write, at the host’s own paths, and reads its keys',
  async (_, pod) => {
    const { member, backup, expose, operate, supervise, cluster } = await configOf(pod);
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
