import type { EtcdVersion } from './version.ts';

/**
 * The newest minor version of etcd 3 that a minor version of Kubernetes 1 is built and tested with: that of kubeadm's
 * `SupportedEtcdVersion` (cmd/kubeadm/app/constants/constants.go). Newest first, each from that release on.
 */
const newestEtcdMinor: readonly { readonly fromKubernetes: number; readonly etcd: number }[] = [
  { fromKubernetes: 34, etcd: 6 },
  { fromKubernetes: 22, etcd: 5 },
  { fromKubernetes: 17, etcd: 4 },
];

/** The minor version of Kubernetes in `1.31` and `v1.31.4`; undefined for anything else. */
export function kubernetesMinor(text: string): number | undefined {
  const minor = /^v?1\.(\d{1,3})(?:\.\d+)?$/.exec(text)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/**
 * Why an etcd is too new for the API servers of a Kubernetes, a sentence; undefined where it is not.
 * @param kubernetes minor version: 31 of 1.31
 */
export function tooNewForKubernetes(to: EtcdVersion, kubernetes: number): string | undefined {
  const known = newestEtcdMinor.find(({ fromKubernetes }) => kubernetes >= fromKubernetes);
  if (known !== undefined && to.major === 3 && to.minor <= known.etcd) return undefined;
  const first = newestEtcdMinor.findLast(({ etcd }) => to.major === 3 && etcd >= to.minor);
  const when = first === undefined ? 'none that is known here is' : `1.${first.fromKubernetes} is the first that is`;
  return `Kubernetes 1.${kubernetes} is not tested with etcd ${to.major}.${to.minor}; ${when}`;
}
