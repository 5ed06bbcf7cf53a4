import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cluster, clusterThatRehearses, daemonset, sidecar } from './cases.ts';
import { chartFolder, helm, rendering, type Values } from './helm.ts';

const without = (values: Values, name: string): Values => ({ ...values, [name]: undefined });
const bucket = { backup: { store: ['s3://backups/prod'] } };

describe.skipIf(helm === undefined)('the chart refuses', () => {
  test.each<readonly [string, Values, RegExp]>([
    ['no image', without(cluster, 'image'), /image\.repository: say which image/],
    ['no name of the cluster', without(cluster, 'clusterName'), /clusterName: say how this etcd cluster is called/],
    ['no version of etcd', without(cluster, 'etcd'), /etcd\.version: say which version/],
    ['a version that is none', { ...cluster, etcd: { version: 'v3.5' } }, /'\/etcd\/version'/],
    [
      'a partition beside the agents',
      { ...cluster, rollout: { partition: 2 } },
      /rollout\.partition: with rollout\.by: agents/,
    ],
    ['a use that it does not have', { ...cluster, use: 'operator' }, /'\/use': value must be one of 'cluster'/],
    ['an even number of members', { ...cluster, replicas: 2 }, /'\/replicas': value must be one of 1, 3, 5, 7, 9/],
    ['a value that it does not know', { ...cluster, replica: 3 }, /additional properties 'replica' not allowed/],
    ['a port that is none', { ...cluster, ports: { client: 0 } }, /'\/ports\/client'/],
    [
      'too short a time to leave',
      { ...cluster, terminationGracePeriodSeconds: 30 },
      /'\/terminationGracePeriodSeconds'/,
    ],
    ['a share of members to evict', { ...cluster, pdb: { maxUnavailable: '50%' } }, /'\/pdb\/maxUnavailable'/],
    [
      'etcd’s variables',
      { ...cluster, etcd: { version: '3.5.30', env: [{ name: 'ETCD_QUOTA', value: '1' }] } },
      /'\/etcd\/env\/0\/name'/,
    ],
    [
      'other names in what cert-manager makes',
      { ...cluster, tls: { source: 'certManager', keys: { ca: 'ca.pem' } } },
      /tls\.keys: cert-manager/,
    ],
    ['members without certificates', without(cluster, 'tls'), /tls\.secrets\.server: name a Secret/],
    ['a bucket without a word on encryption', { ...cluster, ...bucket }, /backup\.encryption: name a Secret/],
    ['a store that is none', { ...cluster, backup: { store: ['backups'] } }, /'\/backup\/store\/0'/],
    ['a size that is none', { ...cluster, persistence: { size: 'large' } }, /'\/persistence\/size'/],
    ['healing without peers', { ...daemonset, daemonset: { healing: true } }, /daemonset\.peers: agents that heal/],
    [
      'a folder for control planes',
      { ...daemonset, backup: { folder: { enabled: true } } },
      /backup\.folder: a control plane/,
    ],
    [
      'to scrape control planes without a word how',
      { ...daemonset, monitoring: { podMonitor: true } },
      /monitoring\.tlsConfig/,
    ],
    ['a sidecar of nothing', without(sidecar, 'sidecar'), /sidecar\.statefulSet: say which StatefulSet/],
    [
      'a sidecar without TLS between agents',
      without(sidecar, 'tls'),
      /tls\.secrets\.agent: the agents of several pods/,
    ],
    [
      'a cluster without volumes whose pods the agents would restart',
      { ...cluster, persistence: { enabled: false } },
      /persistence\.enabled: .* set rollout\.by: kubernetes/,
    ],
    [
      'a rehearsal on what it cannot decrypt',
      {
        ...clusterThatRehearses,
        backup: { store: ['s3://backups/prod'], encryption: { existingSecret: 'age-keys' } },
      },
      /rollout\.rehearse: .* backup\.encryption\.identityKey/,
    ],
    [
      'a store in a folder where nothing is mounted',
      { ...cluster, backup: { store: ['file:///var/backups'] } },
      /backup\.store: nothing is mounted at \/var\/backups; say backup\.folder/,
    ],
    [
      'flags that are the agents’',
      { ...cluster, etcd: { version: '3.5.30', flags: ['--data-dir=/data'] } },
      /etcd\.flags: --data-dir is for the agents to set/,
    ],
    ['one port for two', { ...cluster, ports: { agent: 2379 } }, /ports\.agent: 2379 is ports\.client already/],
    [
      'that more members are evicted than there are to spare',
      { ...cluster, pdb: { maxUnavailable: 2 } },
      /pdb\.maxUnavailable: of 3 members 1 may be away/,
    ],
    ['two monitors', { ...cluster, monitoring: { podMonitor: true, serviceMonitor: true } }, /scrape everything twice/],
  ])('%s', (_, values, said) => {
    const { ok, stderr } = rendering(values);
    expect(ok).toBe(false);
    expect(stderr).toMatch(said);
  });

  test('a release whose name begins with a digit, unless its objects have another one', () => {
    expect(rendering(cluster, { name: '3etcd' }).stderr).toMatch(/fullnameOverride: a Service's name begins with a/);
    expect(rendering({ ...cluster, fullnameOverride: 'etcd' }, { name: '3etcd' }).stderr).toBe('');
  });

  test('nothing of what is near to that', () => {
    for (const values of [
      { ...cluster, replicas: 1 },
      { ...cluster, replicas: 5, pdb: { maxUnavailable: 2 } },
      { ...cluster, etcd: { version: '3.5.30', flags: ['--initial-election-tick-advance=false'] } },
      {
        ...cluster,
        backup: { store: ['file:///nfs/etcd'] },
        extraVolumes: [{ name: 'nfs', nfs: { server: 'nfs.example', path: '/' } }],
        extraVolumeMounts: [{ name: 'nfs', mountPath: '/nfs' }],
      },
    ]) {
      expect(rendering(values).stderr).toBe('');
    }
  });

  test('nothing of a word on encryption in the agents’ own configuration', () => {
    const { ok } = rendering({ ...cluster, ...bucket, config: { backup: { encryption: { mode: 'none' } } } });
    expect(ok).toBe(true);
  });
});

test.skipIf(helm === undefined)('the values that docs/helm.md shows are taken', () => {
  const page = readFileSync(join(chartFolder, '..', '..', '..', 'docs', 'helm.md'), 'utf8');
  const shown = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  const values = shown.filter((text) => /^use:/m.test(text));
  expect(values).toHaveLength(2);
  for (const text of values) expect(rendering(parse(text)).stderr).toBe('');
});
