/** What of kubeadm's manifest differs between members. */
export interface ManifestValues {
  readonly name: string;
  readonly dataDir: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  /** Flags that begin a cluster, as they stand in the list. */
  readonly begin: readonly string[];
}

/** The manifest of etcd as `kubeadm init phase etcd local` writes it, without certificates, and with a few remarks of people. */
export function kubeadmManifest({ name, dataDir, clientUrl, peerUrl, begin }: ManifestValues): string {
  return `# this cluster is looked after by the platform team
apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/etcd.advertise-client-urls: ${clientUrl}
  labels:
    component: etcd
    tier: control-plane
  name: etcd
  namespace: kube-system
spec:
  containers:
  - command:
    - etcd
    - --advertise-client-urls=${clientUrl}
    - --data-dir=${dataDir}
    - --initial-advertise-peer-urls=${peerUrl}
${begin.map((flag) => `    - ${flag}\n`).join('')}    - --listen-client-urls=${clientUrl}
    - --listen-peer-urls=${peerUrl}
    - --name=${name}
    - --snapshot-count=10000 # agreed with storage
    - --logger=zap
    image: registry.k8s.io/etcd:3.5.30-0
    imagePullPolicy: IfNotPresent
    livenessProbe:
      failureThreshold: 8
      httpGet:
        host: 127.0.0.1
        path: /health?exclude=NOSPACE&serializable=true
        port: 2381
        scheme: HTTP
    name: etcd
    resources:
      requests:
        cpu: 100m
        memory: 100Mi
    volumeMounts:
    - mountPath: ${dataDir}
      name: etcd-data
  hostNetwork: true
  priorityClassName: system-node-critical
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  volumes:
  - hostPath:
      path: ${dataDir}
      type: DirectoryOrCreate
    name: etcd-data
status: {}
`;
}
