const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * Where Kubernetes resources are told apart. `auto`: below the roots that Kubernetes and OpenShift use; `always`: below any
 * first path element (an API server with `--etcd-prefix`); `never`: nowhere.
 */
export type KubernetesGrouping = 'auto' | 'always' | 'never';

/** How keys are cut into prefixes. */
export interface PrefixRules {
  readonly kubernetes: KubernetesGrouping;
  /** Path elements that are looked at, at most. */
  readonly maxDepth: number;
}

/** First path elements below which the next one is a resource or an API group. */
const kubernetesRoots: readonly Buffer[] = ['/registry/', '/kubernetes.io/', '/openshift.io/'].map((root) =>
  Buffer.from(root),
);

/** `/registry/services/specs` and `/registry/services/endpoints` are two resources. */
const services = Buffer.from('services');

/**
 * Where the prefixes of a key end, the shortest first; each end is just behind a `/`, and the part behind the last `/` (the
 * key's own name) belongs to none. A leading `/` belongs to the first element: `/a/b/c` has `/a/` and `/a/b/`, `/a` has `/`,
 * `a` has none. Below a Kubernetes root an API group and its resource are one element, since a group alone says little:
 * `/registry/pods/ns/p` has `/registry/`, `/registry/pods/`, …, and `/registry/batch.example.io/jobs/ns/j` has `/registry/`,
 * `/registry/batch.example.io/jobs/`, ….
 */
export function prefixEnds(key: Buffer, rules: PrefixRules): readonly number[] {
  const ends: number[] = [];
  let start = 0;
  while (ends.length < rules.maxDepth) {
    let end = nextSlash(key, start === 0 && key[0] === SLASH ? 1 : start);
    if (end === -1) {
      break;
    }
    if (ends.length === 1 && isGroup(key, start, end) && belowKubernetes(key, start, rules.kubernetes)) {
      const resourceEnd = nextSlash(key, end + 1);
      end = resourceEnd === -1 ? end : resourceEnd;
    }
    start = end + 1;
    ends.push(start);
  }
  if (ends.length === 0 && key[0] === SLASH && rules.maxDepth > 0) {
    ends.push(1);
  }
  return ends;
}

/**
 * The resource and namespace that a key of Kubernetes belongs to: `/registry/pods/default/p` is of `pods` in `default`,
 * `/registry/minions/n1` of `minions` in no namespace. Undefined for any other key.
 */
export function kubernetesPlace(key: Buffer): { readonly resource: Buffer; readonly namespace?: Buffer } | undefined {
  const [root, resourceEnd, namespaceEnd] = prefixEnds(key, { kubernetes: 'auto', maxDepth: 3 });
  if (root === undefined || resourceEnd === undefined || !belowKubernetes(key, root, 'auto')) return undefined;
  const resource = key.subarray(root, resourceEnd - 1);
  return namespaceEnd === undefined
    ? { resource }
    : { resource, namespace: key.subarray(resourceEnd, namespaceEnd - 1) };
}

function nextSlash(key: Buffer, from: number): number {
  for (let at = from; at < key.length; at += 1) {
    if (key[at] === SLASH) {
      return at;
    }
  }
  return -1;
}

/** Custom resources and newer API groups have a dot in their first element, core resources never. */
function isGroup(key: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    if (key[at] === DOT) {
      return true;
    }
  }
  return end - start === services.length && key.compare(services, 0, services.length, start, end) === 0;
}

function belowKubernetes(key: Buffer, rootEnd: number, grouping: KubernetesGrouping): boolean {
  if (grouping !== 'auto') {
    return grouping === 'always';
  }
  return kubernetesRoots.some((root) => root.length === rootEnd && key.compare(root, 0, rootEnd, 0, rootEnd) === 0);
}
