import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ETCD_VERSION_ANNOTATION } from '../../../src/cluster/pod-set.ts';
import { environmentIn } from '../pod.ts';
import { configOf, expectMounted } from './agent-config.ts';
import { cluster, clusterWithAll, trial } from './cases.ts';
import { chartFolder, helm, rendered, type Values } from './helm.ts';
import { agentYamlOf, type KubeObject, objectOf, podOf, type Rule } from './objects.ts';

/** What the agent of a pod reads. */
const configIn = async (objects: readonly KubeObject[], ordinal: number) => {
  const set = objectOf(objects, 'StatefulSet');
  const pod = podOf(set);
  const fields = { 'metadata.name': `${set.metadata.name}-${ordinal}`, 'metadata.namespace': 'db' };
  const env = environmentIn(pod?.containers[0], fields);
  const config = await configOf(agentYamlOf(objects), env);
  return { config, env, agent: pod?.containers[0], volumes: pod?.volumes ?? [], set };
};

const matches = (host: string, names: readonly string[]): boolean =>
  names.some((name) => name === host || (name.startsWith('*.') && host.slice(host.indexOf('.') + 1) === name.slice(2)));

/** The rights that docs/supervise-statefulset.md asks for: those of all agents, and those to let go of a volume too. */
const documented = () => {
  const page = readFileSync(join(chartFolder, '..', '..', '..', 'docs', 'supervise-statefulset.md'), 'utf8');
  const [ofAll = '', more = ''] = [...page.matchAll(/```yaml\n((?:rules:|# in the Role)\n[\s\S]*?)```/g)].map(
    ([, text = '']) => text,
  );
  const [inRole = '', inClusterRole = ''] = more.split('# in a ClusterRole');
  const rulesIn = (text: string): readonly Rule[] => parse(text.slice(text.indexOf('\n') + 1));
  return { ofAll: rulesIn(ofAll), inRole: rulesIn(inRole), inClusterRole: rulesIn(inClusterRole) };
};

const without = ({ resourceNames: _, ...rule }: Rule) => rule;

describe.skipIf(helm === undefined)('the chart as cluster', () => {
  test.each([
    ['with what has to be said', cluster, 3],
    ['with all that it can have', clusterWithAll, 5],
    ['for a trial', trial, 1],
  ])('gives every member a configuration that is taken, %s', async (_, values: Values, size) => {
    const objects = rendered(values);
    for (let ordinal = 0; ordinal < size; ordinal += 1) {
      const { config, env, agent, volumes, set } = await configIn(objects, ordinal);
      const own = config.cluster.peers[ordinal];
      const host = `etcd-${ordinal}.${set.spec.serviceName}.db.svc.cluster.local`;
      expect(config.cluster.peers).toHaveLength(size);
      expect(config).toMatchObject({
        member: { name: own?.name, peerUrl: own?.peerUrl },
        supervise: { kind: 'statefulset' },
      });
      expect(config.expose.advertise).toBe(own?.agentUrl);
      expect(config.cluster.endpoints[ordinal]).toBe(config.member.endpoint);
      for (const url of [config.member.endpoint, own?.peerUrl, own?.agentUrl]) {
        expect(new URL(String(url)).hostname).toBe(host);
      }
      expect(env['ETCD_CARETAKER_AGENT']).toBe(`unix:${config.expose.socket}`);
      expect(env['ETCD_CARETAKER_TOKEN_FILE']).toBe(config.expose.auth.tokenFile);
      expectMounted(agent, volumes, config);
    }
  });

  test('a pod that is added later than the configuration’s members has a configuration that is taken too', async () => {
    const { config } = await configIn(rendered(cluster), 4);
    expect(config.cluster.peers.map(({ name }) => name)).toEqual(['etcd-0', 'etcd-1', 'etcd-2']);
    expect(config.member.name).toBe('etcd-4');
  });

  test.each([
    ['its defaults', cluster],
    ['other ports', clusterWithAll],
  ])('says the same ports everywhere, with %s', async (_, values: Values) => {
    const objects = rendered(values);
    const { config, agent } = await configIn(objects, 0);
    const ports = Object.fromEntries(
      (agent?.ports ?? []).map(({ name, containerPort }) => [name, String(containerPort)]),
    );
    const listening = config.supervise.child.args.filter((arg) => arg.startsWith('--listen-'));
    expect(listening.map((arg) => arg.replace(/^(--[a-z-]+)=.*:(\d+)$/, '$1 $2'))).toEqual([
      `--listen-client-urls ${ports['client']}`,
      `--listen-peer-urls ${ports['peer']}`,
      `--listen-metrics-urls ${ports['etcd-metrics']}`,
    ]);
    expect(new URL(config.member.endpoint).port).toBe(ports['client']);
    expect(new URL(String(config.member.peerUrl)).port).toBe(ports['peer']);
    expect(new URL(config.member.metricsUrl).port).toBe(ports['etcd-metrics']);
    expect(new URL(String(config.expose.advertise)).port).toBe(ports['agent']);
    expect(String(config.expose.listen.port)).toBe(ports['agent']);
    expect(agent?.readinessProbe?.httpGet).toMatchObject({ scheme: 'HTTPS', port: 'agent', path: '/readyz' });
    // A container that is killed for its agent takes a healthy etcd along.
    expect(agent).not.toHaveProperty('livenessProbe');
  });

  test('finds its members by a headless service, ready or not, and begins with all at once', () => {
    const objects = rendered(cluster);
    const { spec } = objectOf(objects, 'StatefulSet');
    expect(objectOf(objects, 'Service', spec.serviceName).spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    });
    expect(objectOf(objects, 'Service', 'etcd').spec.publishNotReadyAddresses).toBeUndefined();
    expect(spec.podManagementPolicy).toBe('Parallel');
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(120);
    expect(spec.template.spec.containers[0].command).toEqual(['etcd-caretaker-supervised']);
    expect(spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true, fsGroup: 65532 });
  });

  test('grants the rights that the page about StatefulSets lists, of its own objects, and no others', () => {
    const objects = rendered(cluster);
    const set = objectOf(objects, 'StatefulSet');
    const role = objectOf(objects, 'Role');
    expect(role.rules?.map(without)).toEqual(documented().ofAll.map(without));
    const [sets, pods, events] = role.rules ?? [];
    expect(sets?.resourceNames).toEqual([set.metadata.name]);
    expect(pods?.resourceNames).toEqual(Array.from({ length: 9 }, (_, ordinal) => `${set.metadata.name}-${ordinal}`));
    // What is created has no name yet.
    expect(events?.resourceNames).toBeUndefined();
    expect(objectOf(objects, 'RoleBinding')).toMatchObject({
      roleRef: { kind: 'Role', name: role.metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: set.spec.template.spec.serviceAccountName, namespace: 'db' }],
    });
    expect(objects.filter(({ kind }) => /^Cluster/.test(kind))).toEqual([]);
  });

  test('grants what it takes to let go of volumes where that is said, and to change nothing where Kubernetes rolls out', () => {
    const objects = rendered(clusterWithAll);
    const { ofAll, inRole, inClusterRole } = documented();
    const rules = objectOf(objects, 'Role').rules ?? [];
    expect(rules.map(without)).toEqual([...ofAll, ...inRole].map(without));
    const { metadata } = objectOf(objects, 'StatefulSet').spec.volumeClaimTemplates[0];
    expect(rules.at(-1)?.resourceNames?.[0]).toBe(`${metadata.name}-etcd-0`);
    const { metadata: named, rules: everywhere } = objectOf(objects, 'ClusterRole');
    expect(everywhere).toEqual(inClusterRole);
    expect(objectOf(objects, 'ClusterRoleBinding')).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: named.name },
      subjects: [{ kind: 'ServiceAccount', name: 'etcd', namespace: 'db' }],
    });
    const verbs = objectOf(rendered(trial), 'Role').rules?.map((rule) => rule.verbs);
    expect(verbs).toEqual([['list', 'watch'], ['get'], ['create']]);
  });

  test('leaves it to the agents to bring pods to a new template, and tells them the version of etcd in it', () => {
    const { updateStrategy, replicas, template } = objectOf(rendered(cluster), 'StatefulSet').spec;
    expect(updateStrategy.type).toBe('RollingUpdate');
    expect(updateStrategy.rollingUpdate.partition).toBeGreaterThan(replicas);
    expect(template.metadata.annotations[ETCD_VERSION_ANNOTATION]).toBe('3.5.30');
    expect(objectOf(rendered(trial), 'StatefulSet').spec.updateStrategy.rollingUpdate).toEqual({ partition: 0 });
  });

  test('starts nobody anew when members are added, and everybody when the configuration changes', () => {
    const templateOf = (values: Values): unknown => objectOf(rendered(values), 'StatefulSet').spec.template;
    expect(templateOf({ ...cluster, replicas: 5 })).toEqual(templateOf(cluster));
    expect(templateOf({ ...cluster, config: { mode: 'plan' } })).not.toEqual(templateOf(cluster));
  });

  test('has certificates that name every host at which members and agents are asked, and a client’s that names none', async () => {
    const objects = rendered(clusterWithAll);
    const namesOf = (part: string): readonly string[] =>
      objectOf(objects, 'Certificate', `etcd-${part}`).spec.dnsNames ?? [];
    for (const ordinal of [0, 4, 8]) {
      const { config } = await configIn(objects, ordinal);
      expect(matches(new URL(config.member.endpoint).hostname, namesOf('server'))).toBe(true);
      expect(matches(new URL(String(config.member.peerUrl)).hostname, namesOf('peer'))).toBe(true);
      expect(matches(new URL(String(config.expose.advertise)).hostname, namesOf('agent'))).toBe(true);
    }
    expect(matches('etcd.db.svc', namesOf('server'))).toBe(true);
    expect(matches('etcd-1.etcd-headless.db.svc.cluster.local', namesOf('peer'))).toBe(true);
    expect(namesOf('server')).toContain('etcd.example');
    expect(namesOf('client')).toEqual([]);
    const [agents] = objectOf(objects, 'ServiceMonitor').spec.endpoints;
    expect(matches(agents.tlsConfig.serverName, namesOf('agent'))).toBe(true);
  });

  test('with cert-manager gives clients, peers and agents an authority each, and mounts what is issued', () => {
    const objects = rendered(clusterWithAll);
    const certificates = objects.filter(({ kind, spec }) => kind === 'Certificate' && spec.isCA !== true);
    const issuers = Object.fromEntries(certificates.map(({ metadata, spec }) => [metadata.name, spec.issuerRef.name]));
    expect(issuers).toEqual({
      'etcd-server': 'etcd-ca',
      'etcd-peer': 'etcd-peer-ca',
      'etcd-client': 'etcd-ca',
      'etcd-agent': 'etcd-agent-ca',
    });
    const mounted = podOf(objectOf(objects, 'StatefulSet'))?.volumes.flatMap(({ secret }) => secret?.secretName ?? []);
    for (const { spec } of certificates) expect(mounted).toContain(spec.secretName);
    const own = rendered({
      ...clusterWithAll,
      tls: { source: 'certManager', certManager: { issuerRef: { name: 'ours', kind: 'ClusterIssuer' } } },
    });
    expect(objectOf(own, 'Certificate', 'etcd-server').spec.issuerRef).toEqual({ name: 'ours', kind: 'ClusterIssuer' });
    expect(own.map(({ metadata }) => metadata.name)).not.toContain('etcd-ca');
  });

  test('turns values into etcd’s flags and environment as they were said', async () => {
    const { config, env } = await configIn(rendered(clusterWithAll), 0);
    for (const flag of [
      '--quota-backend-bytes=8589934592',
      '--metrics=extensive',
      '--snapshot-count=20000',
      '--auth-token=jwt,pub-key=/etc/etcd-caretaker-jwt/jwt.pub,priv-key=/etc/etcd-caretaker-jwt/jwt.key,sign-method=RS256,ttl=10m',
    ]) {
      expect(config.supervise.child.args).toContain(flag);
    }
    expect(env['GOMEMLIMIT']).toBe('3GiB');
    expect(config.cluster.auth).toMatchObject({ username: 'root' });
    expect(config.maintenance.windows).toHaveLength(1);
    expect(config.observe.keyspace.keysPerSecond).toBe(1_000_000);
  });

  test('backs up into buckets and folders, with the spool and drills on another disk than etcd’s', async () => {
    const { config, agent } = await configIn(rendered(clusterWithAll), 0);
    expect(config.backup.store).toEqual(['s3://backups/prod', 'file:///backups/etcd-caretaker']);
    expect(config.backup.encryption.mode).toBe('age');
    for (const dir of [config.backup.spool.dir, config.backup.drill.dir]) expect(dir).toMatch(/^\/scratch\//);
    expect(agent?.volumeMounts.find(({ name }) => name === 'data')?.mountPath).toBe('/data');
    expect(config.backup.lastGasp.dir).toBe('/data/etcd.last-gasp');
    const claim = objectOf(rendered(clusterWithAll), 'PersistentVolumeClaim');
    expect(claim.metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep' });
  });

  test('lets in members, agents and clients, and Prometheus where it is said', () => {
    const { spec } = objectOf(rendered(clusterWithAll), 'NetworkPolicy');
    const ports = spec.ingress.map((rule: { ports: { port: string }[] }) => rule.ports.map(({ port }) => port));
    expect(ports).toEqual([['client', 'peer', 'agent'], ['client'], ['agent', 'etcd-metrics']]);
    expect(objectOf(rendered(cluster), 'NetworkPolicy').spec.ingress).toHaveLength(2);
  });

  test('puts members on nodes of their own, unless that is only preferred', () => {
    const affinityOf = (values: Values): object =>
      objectOf(rendered(values), 'StatefulSet').spec.template.spec.affinity.podAntiAffinity;
    expect(Object.keys(affinityOf(cluster))).toEqual(['requiredDuringSchedulingIgnoredDuringExecution']);
    expect(Object.keys(affinityOf(clusterWithAll))).toEqual(['preferredDuringSchedulingIgnoredDuringExecution']);
    const { topologySpreadConstraints, affinity } = objectOf(rendered(trial), 'StatefulSet').spec.template.spec;
    expect([topologySpreadConstraints, affinity]).toEqual([undefined, undefined]);
  });

  test('puts all its pods on the nodes that were chosen: members, Jobs and that of `helm test`', () => {
    const objects = rendered({ ...clusterWithAll, rollout: { rehearse: true } });
    const pods = objects.flatMap((each) => podOf(each) ?? []);
    expect(pods).toHaveLength(4);
    for (const pod of pods) {
      expect(pod).toMatchObject({
        nodeSelector: { disk: 'ssd' },
        tolerations: [{ key: 'etcd', operator: 'Exists' }],
      });
    }
  });

  test('takes a registry with a slash at its end for the same one', () => {
    const image = { registry: 'registry.example/', repository: 'etcd-caretaker', tag: '1' };
    const [agent] = podOf(objectOf(rendered({ ...cluster, image }), 'StatefulSet'))?.containers ?? [];
    expect(agent?.image).toBe('registry.example/etcd-caretaker:1');
  });

  test('keeps the names of a long release within what Kubernetes takes', () => {
    const objects = rendered(clusterWithAll, { name: `${'r'.repeat(51)}-x` });
    for (const { kind, metadata } of objects) {
      expect(metadata.name.length, kind).toBeLessThanOrEqual(kind === 'ConfigMap' ? 253 : 63);
    }
    // Of its pods Kubernetes makes a label with a dash and ten characters more.
    expect(objectOf(objects, 'StatefulSet').metadata.name.length).toBeLessThanOrEqual(52);
  });

  test('takes a workload’s identity for the bucket from its service account', () => {
    const objects = rendered(clusterWithAll);
    const { serviceAccountName } = objectOf(objects, 'StatefulSet').spec.template.spec;
    const account = objectOf(objects, 'ServiceAccount');
    expect(account.metadata).toMatchObject({ name: serviceAccountName, annotations: { 'iam.example/role': 'backup' } });
  });

  test('has another ConfigMap with each configuration, and keeps the former one for a pod that is given back its template', () => {
    const named = (values: Values) => {
      const objects = rendered(values);
      const map = objects.find(({ kind, data }) => kind === 'ConfigMap' && data?.['agent.yaml'] !== undefined);
      const { volumes } = objectOf(objects, 'StatefulSet').spec.template.spec;
      const mounted = volumes.find(({ name }: { name: string }) => name === 'caretaker-config').configMap.name;
      expect(mounted).toBe(map?.metadata.name);
      expect(map?.metadata.annotations?.['helm.sh/resource-policy']).toBe('keep');
      return mounted;
    };
    const [one, other] = [named(cluster), named({ ...cluster, config: { observe: { interval: '20s' } } })];
    expect(one).not.toBe(other);
    // Members that are added change no pod.
    expect(named({ ...cluster, replicas: 5 })).toBe(one);
  });

  test('lets in members of another release while a cluster is moved over, where that is said', () => {
    const membersFrom = [{ podSelector: { matchLabels: { app: 'old' } } }];
    const policy = objectOf(rendered({ ...cluster, networkPolicy: { membersFrom } }), 'NetworkPolicy');
    expect(policy.spec.ingress).toContainEqual({
      from: membersFrom,
      ports: [{ port: 'client' }, { port: 'peer' }, { port: 'agent' }],
    });
  });

  test('switches authentication on only where there is an etcd', () => {
    const auth = { version: '3.5.30', auth: { existingSecret: 'root-password' } };
    const jobs = (values: Values) => rendered(values).filter(({ kind }) => kind === 'Job').length;
    expect([jobs({ ...cluster, etcd: auth }), jobs({ ...cluster, etcd: auth, stopped: true })]).toEqual([1, 0]);
  });

  test('can be stopped, and still knows with whom it begins', async () => {
    const objects = rendered({ ...cluster, stopped: true });
    expect(objectOf(objects, 'StatefulSet').spec.replicas).toBe(0);
    expect((await configIn(objects, 0)).config.cluster.peers).toHaveLength(3);
  });
});
