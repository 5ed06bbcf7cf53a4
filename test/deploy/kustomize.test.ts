import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { configOf, expectMounted } from './chart/agent-config.ts';
import { chartFolder, helm, objectsIn, programOf, rendered } from './chart/helm.ts';
import { misfitsOf } from './chart/kube-types.ts';
import { type KubeObject, objectOf, podOf } from './chart/objects.ts';
import { environmentIn } from './pod.ts';

const kubectl = programOf('kubectl', 'KUBECTL_BIN');
if (kubectl === undefined)
  console.warn('SKIPPED: the plain manifests are not built, since there is no kubectl in PATH.');

const deploy = join(chartFolder, '..', '..');

function built(folder: string): readonly KubeObject[] {
  const { status, stdout, stderr } = spawnSync(kubectl ?? 'kubectl', ['kustomize', folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return objectsIn(stdout);
}

/** Somebody's own kustomization, with a copy of an agent.yaml beside it and the project's manifests in `../deploy`. */
function builtOwn(agentYaml: string, kustomization: object, sets: readonly object[] = []): readonly KubeObject[] {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-caretaker-kustomize-'));
  try {
    for (const name of ['sidecar', 'statefulset']) {
      cpSync(join(deploy, name), join(folder, 'deploy', name), { recursive: true });
    }
    const own = join(folder, 'own');
    mkdirSync(own);
    cpSync(join(deploy, agentYaml), join(own, 'agent.yaml'));
    writeFileSync(join(own, 'sets.yaml'), sets.map((each) => stringify(each)).join('---\n'));
    writeFileSync(join(own, 'kustomization.yaml'), stringify(kustomization));
    return built(own);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ownSet = (name: string, annotations: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name, annotations },
  spec: {
    serviceName: `${name}-headless`,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [{ name: 'etcd', image: 'etcd', volumeMounts: [{ name: 'data', mountPath: '/var/lib/etcd' }] }],
      },
    },
  },
});

/** The component, beside a StatefulSet and another one that it is to leave alone, and with what docs/helm.md says to change. */
const makeWithSidecar = (): readonly KubeObject[] => {
  const env = [{ name: 'HEADLESS_SERVICE', value: 'mine-headless' }];
  const patch = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'mine' },
    spec: { template: { spec: { containers: [{ name: 'etcd-caretaker', env }] } } },
  };
  return builtOwn(
    'sidecar/agent.yaml',
    {
      namespace: 'db',
      resources: ['sets.yaml'],
      components: ['../deploy/sidecar'],
      configMapGenerator: [{ name: 'etcd-caretaker', files: ['agent.yaml'] }],
      patches: [{ target: { kind: 'StatefulSet', name: 'mine' }, patch: stringify(patch) }],
    },
    [ownSet('mine', { 'etcd-caretaker.io/sidecar': 'true' }), ownSet('other', {})],
  );
};

/** Both are made once. */
const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};
const base = once(() => built(join(deploy, 'statefulset', 'base')));
const withSidecar = once(makeWithSidecar);

describe.skipIf(kubectl === undefined)('the plain manifests', () => {
  test('say nothing that Kubernetes’ API does not know', () => {
    expect([...base(), ...withSidecar()].flatMap((each) => misfitsOf(each))).toEqual([]);
  });

  test('of a StatefulSet have a configuration that is taken for every member, and all its files', async () => {
    const objects = base();
    const pod = podOf(objectOf(objects, 'StatefulSet'));
    const [agent] = pod?.containers ?? [];
    for (const name of ['etcd-0', 'etcd-2', 'etcd-7']) {
      const env = environmentIn(agent, { 'metadata.name': name, 'metadata.namespace': 'etcd' });
      const config = await configOf(String(objectOf(objects, 'ConfigMap').data?.['agent.yaml']), env);
      expect(config.member.endpoint).toBe(`https://${name}.etcd-headless.etcd.svc.cluster.local:2379`);
      expect(config.cluster.peers).toHaveLength(3);
      expect(config.cluster.peers[0]).toEqual({
        name: 'etcd-0',
        peerUrl: 'https://etcd-0.etcd-headless.etcd.svc.cluster.local:2380',
        agentUrl: 'https://etcd-0.etcd-headless.etcd.svc.cluster.local:9379',
      });
      expectMounted(agent, pod?.volumes ?? [], config);
    }
  });

  test('of a StatefulSet can be put into another namespace', () => {
    const objects = builtOwn('statefulset/base/agent.yaml', {
      namespace: 'db',
      resources: ['../deploy/statefulset/base'],
      configMapGenerator: [{ name: 'etcd-caretaker', behavior: 'replace', files: ['agent.yaml'] }],
    });
    const { subjects, roleRef } = objectOf(objects, 'RoleBinding');
    expect(subjects).toEqual([{ kind: 'ServiceAccount', name: 'etcd', namespace: 'db' }]);
    expect(roleRef?.name).toBe(objectOf(objects, 'Role').metadata.name);
    expect(objects.map(({ metadata }) => metadata.namespace).filter((namespace) => namespace !== 'db')).toEqual([]);
    const pod = podOf(objectOf(objects, 'StatefulSet'));
    expect(pod?.volumes.flatMap(({ configMap }) => configMap?.name ?? [])).toEqual([
      objectOf(objects, 'ConfigMap').metadata.name,
    ]);
  });

  test('rehearse another image with a configuration that is taken, and all its files', async () => {
    const objects = builtOwn('statefulset/base/agent.yaml', {
      namespace: 'db',
      resources: ['../deploy/statefulset/rehearsal'],
      configMapGenerator: [{ name: 'etcd-caretaker', files: ['agent.yaml'] }],
    });
    const [job, map] = [objectOf(objects, 'Job'), objectOf(objects, 'ConfigMap')];
    const pod = podOf(job);
    const [drill] = pod?.containers ?? [];
    expect(pod?.volumes.flatMap(({ configMap }) => configMap?.name ?? [])).toEqual([map.metadata.name]);
    const env = environmentIn(drill, { 'metadata.namespace': 'db' });
    const config = await configOf(String(map.data?.['agent.yaml']), env);
    expect(config.cluster.peers).toHaveLength(3);
    // Those of an agent that it does not write into: etcd's data, and what is in /run.
    const elsewhere = ['/data', '/run'].map((mountPath) => ({ name: 'elsewhere', mountPath }));
    const volumeMounts = [...(drill?.volumeMounts ?? []), ...elsewhere];
    expectMounted({ name: 'drill', ...drill, volumeMounts }, pod?.volumes ?? [], config);
    const [agent] = podOf(objectOf(base(), 'StatefulSet'))?.containers ?? [];
    expect(drill?.image).toBe(agent?.image);
    expect(drill?.args).toContain('--require-restore');
  });

  test('of a second etcd on control planes are told from those of the first one, and have a configuration that is taken', async () => {
    const objects = built(join(deploy, 'kubeadm', 'events'));
    expect(objects.flatMap((each) => misfitsOf(each))).toEqual([]);
    const set = objectOf(objects, 'DaemonSet', 'etcd-caretaker-events');
    expect(set.spec.selector.matchLabels).toMatchObject({ 'app.kubernetes.io/instance': 'events' });
    const pod = podOf(set);
    const [agent] = pod?.containers ?? [];
    expect(pod?.volumes.flatMap(({ configMap }) => configMap?.name ?? [])).toEqual([
      objectOf(objects, 'ConfigMap').metadata.name,
    ]);
    const env = environmentIn(agent, { 'spec.nodeName': 'cp-1', 'status.hostIP': '10.0.0.1' });
    const config = await configOf(String(objectOf(objects, 'ConfigMap').data?.['agent.yaml']), env);
    expect(config.member).toMatchObject({ name: 'cp-1-events', endpoint: 'https://10.0.0.1:12379' });
    expect(agent?.volumeMounts.map(({ mountPath }) => mountPath)).not.toContain('/var/lib/etcd');
    expect(agent?.livenessProbe?.httpGet.port).toBe(19379);
  });

  test('of a second etcd heal it where the comments of its kustomization are taken in', () => {
    const folder = mkdtempSync(join(tmpdir(), 'etcd-caretaker-kustomize-'));
    try {
      cpSync(join(deploy, 'kubeadm'), folder, { recursive: true });
      const file = join(folder, 'events', 'kustomization.yaml');
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replaceAll(/^( *)# (components:| {2}- |- path)/gm, '$1$2'));
      const pod = podOf(objectOf(built(join(folder, 'events')), 'DaemonSet'));
      const [agent] = pod?.containers ?? [];
      const env = environmentIn(agent, { 'spec.nodeName': 'cp-1', 'status.hostIP': '10.0.0.1' });
      expect(env).toMatchObject({
        ETCD_CARETAKER_SUPERVISE__KIND: 'static-pod',
        ETCD_CARETAKER_AGENT: 'unix:/run/etcd-caretaker/cp-1-events.sock',
      });
      const ofEtcd = agent?.volumeMounts.map(({ mountPath }) => mountPath).filter((path) => path.includes('/lib/etcd'));
      expect(ofEtcd?.toSorted()).toEqual(
        ['', '.caretaker', '.last-gasp'].map((ending) => `/var/lib/etcd-events${ending}`),
      );
      expect(pod?.volumes.find(({ name }) => name === 'state')?.hostPath).toEqual({
        path: '/var/lib/etcd-events.caretaker',
        type: 'DirectoryOrCreate',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('of a sidecar go into the StatefulSet that is annotated, and into no other', async () => {
    const objects = withSidecar();
    expect(podOf(objectOf(objects, 'StatefulSet', 'other'))?.containers).toHaveLength(1);
    const pod = podOf(objectOf(objects, 'StatefulSet', 'mine'));
    const agent = pod?.containers.find(({ name }) => name === 'etcd-caretaker');
    const map = objectOf(objects, 'ConfigMap');
    expect(pod?.volumes.flatMap(({ configMap }) => configMap?.name ?? [])).toEqual([map.metadata.name]);
    expect(agent).not.toHaveProperty('readinessProbe');
    const env = environmentIn(agent, { 'metadata.name': 'mine-0', 'metadata.namespace': 'db' });
    const config = await configOf(String(map.data?.['agent.yaml']), env);
    expect(config.expose.advertise).toBe('https://mine-0.mine-headless.db.svc.cluster.local:9379');
    expectMounted(agent, pod?.volumes ?? [], config);
  });
});

describe.skipIf(kubectl === undefined || helm === undefined)('the plain manifests and the chart', () => {
  const image = { repository: 'etcd-caretaker' };
  const secretsOf = (name: string, parts: readonly string[]) =>
    Object.fromEntries(parts.map((part) => [part, `${name}-${part}-tls`]));

  test('make the same pods and rights of a cluster', () => {
    const tls = { secrets: secretsOf('etcd', ['server', 'peer', 'client', 'agent']) };
    const [chart, plain] = [
      rendered({ image, clusterName: 'etcd', etcd: { version: '3.5.30' }, tls }, { namespace: 'etcd' }),
      base(),
    ];
    const [ofChart, ofPlain] = [chart, plain].map((objects) => {
      const { spec } = objectOf(objects, 'StatefulSet');
      const { containers, volumes, ...pod } = spec.template.spec;
      const { env, imagePullPolicy: _, ...agent } = containers[0];
      const fields = { 'metadata.name': 'etcd-1', 'metadata.namespace': 'etcd' };
      const {
        ETCD_CARETAKER_CLUSTER__PEERS: _p,
        ETCD_CARETAKER_CLUSTER__ENDPOINTS: _e,
        ...environment
      } = environmentIn({ env }, fields);
      const { metadata: _m, ...claim } = spec.volumeClaimTemplates[0];
      const places = volumes.map(({ configMap, secret, ...volume }: Record<string, Record<string, unknown>>) => {
        const { items: _i, ...named } = secret ?? {};
        return { ...volume, secret: named, isConfig: configMap !== undefined };
      });
      const { template: _t, volumeClaimTemplates: _v, ...set } = spec;
      return { set, pod, agent, environment, places, claim, labels: spec.template.metadata.labels };
    });
    expect(ofPlain).toEqual(ofChart);
    for (const [kind, name] of [
      ['Role', 'etcd'],
      ['RoleBinding', 'etcd'],
      ['Service', 'etcd'],
      ['Service', 'etcd-headless'],
      ['PodDisruptionBudget', 'etcd'],
      ['NetworkPolicy', 'etcd'],
    ] as const) {
      const [one, other] = [chart, plain].map((objects) => {
        const { metadata: _, ...content } = objectOf(objects, kind, name);
        return content;
      });
      expect(other, `${kind} ${name}`).toEqual(one);
    }
  });

  test('make the same container of a sidecar', () => {
    const values = {
      use: 'sidecar',
      image,
      clusterName: 'etcd',
      tls: { secrets: secretsOf('etcd-caretaker', ['client', 'agent']) },
      sidecar: { statefulSet: 'mine', serviceName: 'mine-headless', podLabels: { app: 'mine' } },
    };
    const snippets = objectOf(rendered(values, { name: 'etcd-caretaker' }), 'ConfigMap', 'etcd-caretaker-sidecar');
    const [patch] = objectsIn(String(snippets.data?.['patch.yaml']));
    const agents = [patch, objectOf(withSidecar(), 'StatefulSet', 'mine')].map((set) => {
      const pod = set === undefined ? undefined : podOf(set);
      const {
        env = [],
        imagePullPolicy: _,
        ...agent
      } = Object(pod?.containers.find(({ name }) => name === 'etcd-caretaker'));
      const {
        MEMBER_HOST: _h,
        HEADLESS_SERVICE: _s,
        CLUSTER_DOMAIN: _d,
        ...environment
      } = environmentIn({ env }, { 'metadata.name': 'mine-1', 'metadata.namespace': 'db' });
      return { agent, environment, volumes: pod?.volumes.map(({ name, secret }) => [name, secret?.secretName]) };
    });
    expect(agents[1]).toEqual(agents[0]);
  });
});
