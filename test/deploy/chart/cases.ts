import type { Release, Values } from './helm.ts';

/** Values as somebody might have them, one for each of what the chart can do. */
const image = { repository: 'images.example/etcd-caretaker' };
const secrets = { server: 'pki-server', peer: 'pki-peer', client: 'pki-client', agent: 'pki-agents' };
const bucket = {
  store: ['s3://backups/prod'],
  s3: { existingSecret: 's3-keys', region: 'eu-central-1', endpoint: 'https://s3.example', pathStyle: true },
  encryption: { existingSecret: 'age-keys', identityKey: 'identity' },
};
const existing = {
  use: 'sidecar',
  image,
  clusterName: 'app',
  sidecar: {
    statefulSet: 'app-etcd',
    serviceName: 'app-etcd-headless',
    podLabels: { 'app.kubernetes.io/name': 'etcd', 'app.kubernetes.io/instance': 'app' },
    mountPath: '/bitnami/etcd',
    dataDir: '/bitnami/etcd/data',
  },
};
const kubeadm = { use: 'daemonset', image, clusterName: 'kubernetes' };
const peers = ['cp-1=https://10.0.0.1:2380 https://10.0.0.1:9379'];

export const cluster: Values = { image, clusterName: 'prod', etcd: { version: '3.5.30' }, tls: { secrets } };
export const clusterWithAll: Values = {
  image: { ...image, registry: 'registry.example', digest: `sha256:${'0'.repeat(64)}`, pullSecrets: ['pull'] },
  clusterName: 'prod',
  tls: { source: 'certManager', certManager: { dnsNames: ['etcd.example'] } },
  replicas: 5,
  listenAddress: '[::]',
  ports: { client: 12379, peer: 12380, metrics: 12381, agent: 19379 },
  rbac: { releaseVolumes: true },
  etcd: {
    version: '3.5.30',
    quotaBackendBytes: 8589934592,
    metrics: 'extensive',
    flags: ['--snapshot-count=20000'],
    env: [{ name: 'GOMEMLIMIT', value: '3GiB' }],
    auth: { existingSecret: 'root-password', jwt: { existingSecret: 'jwt-keys' } },
  },
  backup: { ...bucket, folder: { enabled: true } },
  scratch: { storageClass: 'local', sizeLimit: '30Gi' },
  persistence: { storageClass: 'fast', size: '50Gi', retentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' } },
  podAntiAffinity: 'preferred',
  priorityClassName: 'high',
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'etcd', operator: 'Exists' }],
  serviceAccount: { annotations: { 'iam.example/role': 'backup' } },
  networkPolicy: { monitoringFrom: [{ namespaceSelector: {} }] },
  monitoring: {
    serviceMonitor: true,
    labels: { release: 'prometheus' },
    rules: { enabled: true, runbooks: 'https://wiki.example/etcd/' },
    dashboards: { enabled: true },
    annotations: true,
  },
  config: { maintenance: { windows: ['0 2 * * * for 2h'] }, observe: { keyspace: { keysPerSecond: 1000000 } } },
  extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-more' } }],
};
export const clusterThatRehearses: Values = {
  ...cluster,
  backup: bucket,
  etcd: { version: '3.5.30', auth: { existingSecret: 'root-password', enable: false } },
  rollout: { rehearse: true },
};
export const trial: Values = {
  ...cluster,
  etcd: {},
  rollout: { by: 'kubernetes', minReadySeconds: 0 },
  replicas: 1,
  persistence: { enabled: false },
  podAntiAffinity: 'none',
  topologySpreadConstraints: [],
  networkPolicy: { enabled: false },
  pdb: { enabled: false },
  serviceAccount: { create: false, name: 'etcd-agents' },
};
export const sidecar: Values = { ...existing, tls: { secrets: { client: 'pki-client', agent: 'pki-agents' } } };
export const sidecarWithAll: Values = {
  ...existing,
  sidecar: { ...existing.sidecar, scheme: 'http', runAsUser: 0 },
  tls: { source: 'certManager' },
  etcd: { auth: { existingSecret: 'app-etcd', passwordKey: 'etcd-root-password' } },
  backup: bucket,
  monitoring: { podMonitor: true },
};
export const daemonset: Values = kubeadm;
export const daemonsetThatHeals: Values = {
  ...kubeadm,
  daemonset: { healing: true, peers, scratchDir: '/var/lib/etcd-caretaker' },
  backup: bucket,
  monitoring: {
    podMonitor: true,
    tlsConfig: { insecureSkipVerify: true },
    authorization: { credentials: { name: 't' } },
  },
};
export const daemonsetOfEvents: Values = {
  ...kubeadm,
  clusterName: 'kubernetes-events',
  ports: { client: 12379, peer: 12380, metrics: 12381, agent: 19379 },
  daemonset: {
    memberName: '$(NODE_NAME)-events',
    dataDir: '/var/lib/etcd-events',
    manifest: '/etc/kubernetes/manifests/etcd-events.yaml',
  },
  config: { cluster: { keyPrefix: '/etcd-caretaker-events/' } },
};

export const controlPlane: Release = { name: 'etcd-caretaker', namespace: 'kube-system' };

const inNamespace: Release = { name: 'etcd', namespace: 'db' };

export const all: readonly (readonly [use: string, values: Values, release: Release])[] = [
  ['cluster', cluster, inNamespace],
  ['cluster with all that it can have', clusterWithAll, inNamespace],
  ['cluster that rehearses upgrades', clusterThatRehearses, inNamespace],
  ['cluster for a trial', trial, inNamespace],
  ['sidecar', sidecar, inNamespace],
  ['sidecar of an etcd with passwords and without TLS', sidecarWithAll, inNamespace],
  ['daemonset', daemonset, controlPlane],
  ['daemonset that heals', daemonsetThatHeals, controlPlane],
  ['daemonset of a second etcd', daemonsetOfEvents, { ...controlPlane, name: 'etcd-caretaker-events' }],
];
