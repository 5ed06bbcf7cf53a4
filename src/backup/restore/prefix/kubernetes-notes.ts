const REGISTRY = '/registry/';

/** What is known of a resource, by the beginning of its keys. */
const OF_RESOURCES: readonly (readonly [resource: string, note: string])[] = [
  ['pods', 'Pods that come back are bound to their nodes of then: mostly it is better to restore what makes them.'],
  [
    'services/',
    'Cluster IPs and node ports are allocated again by the API servers within some minutes; one that is taken by now is in conflict.',
  ],
  [
    'persistentvolume',
    'Volumes and claims name each other by uid: restore both, and only what the storage behind them still has.',
  ],
  ['leases/', 'Leases of elections and nodes belong to who holds them now: leave them out.'],
  [
    'minions/',
    'Nodes are registered by their kubelets: what comes back of one that is gone stays until it is deleted.',
  ],
  ['events/', 'Events are under a lease, and are left out unless --with-leased is given.'],
  ['apiextensions.k8s.io/', 'After a CRD wait until it is served before its objects are restored.'],
  ['namespaces/', 'A namespace that was being deleted comes back as such, and takes its objects with it.'],
];

/**
 * What whoever restores a part of a Kubernetes store should know. Its components need no restart: the API server's watches, and
 * the informers behind them, see new writes, and the resource versions only grow.
 */
export function kubernetesNotes(prefix: Buffer): readonly string[] {
  const text = prefix.toString('utf8');
  if (!text.startsWith(REGISTRY) && !REGISTRY.startsWith(text.replace(/\/*$/, '/'))) return [];
  const resource = text.slice(REGISTRY.length);
  const isOf = (known: string): boolean => known.startsWith(resource) || resource.startsWith(known);
  return [
    'API servers, controllers and kubelets see ordinary new writes: nothing is to be restarted. No admission, quota or webhook is asked.',
    'What comes back has the uid of then. The garbage collector deletes at once what is owned by something that is gone or was made anew: restore owners first (a Deployment before its ReplicaSets and Pods), and the namespace before all.',
    'Controllers and GitOps tools may change it again at once: pause those that would. Where encryption at rest is on, the API server must still have the key of then.',
    ...OF_RESOURCES.filter(([known]) => resource !== '' && isOf(known)).map(([, note]) => note),
  ];
}
