import type { PodSpec } from './pod.ts';

/** A pod with a strategic merge patch of these lists laid over it, as `kubectl kustomize` does it. */
export function podPatched(pod: PodSpec, patch: PodSpec): PodSpec {
  const over = new Map(patch.containers.map((container) => [container.name, container]));
  return {
    ...pod,
    volumes: merged(pod.volumes, patch.volumes ?? [], ({ name }) => name),
    containers: pod.containers.map((container) => {
      const { env = [], volumeMounts = [], securityContext, livenessProbe } = over.get(container.name) ?? {};
      return {
        ...container,
        env: merged(container.env ?? [], env, ({ name }) => name),
        volumeMounts: merged(container.volumeMounts, volumeMounts, ({ mountPath }) => mountPath),
        ...(securityContext === undefined
          ? {}
          : { securityContext: mergedDeep(container.securityContext ?? {}, securityContext) }),
        ...(livenessProbe === undefined
          ? {}
          : { livenessProbe: mergedDeep(container.livenessProbe ?? livenessProbe, livenessProbe) }),
      };
    }),
  };
}

function merged<T extends object>(list: readonly T[], patch: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const all = new Map(list.map((item) => [keyOf(item), item]));
  for (const item of patch) {
    if ('$patch' in item && item.$patch === 'delete') all.delete(keyOf(item));
    else all.set(keyOf(item), mergedDeep(all.get(keyOf(item)) ?? item, item));
  }
  return [...all.values()];
}

const isTree = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mergedDeep<T extends object>(tree: T, patch: object): T {
  const over = Object.entries(patch).map(([key, value]) => {
    const before: unknown = Reflect.get(tree, key);
    return [key, isTree(value) && isTree(before) ? mergedDeep(before, value) : value];
  });
  return { ...tree, ...Object.fromEntries(over) };
}
