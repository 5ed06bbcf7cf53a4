/** As much of a pod as the tests of the manifests look at. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
}

interface Container {
  readonly name: string;
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

interface Volume {
  readonly name: string;
  readonly hostPath?: { readonly path: string; readonly type: string };
}

/** A pod with a strategic merge patch of these lists laid over it, as `kubectl kustomize` does it. */
export function podPatched(pod: PodSpec, patch: PodSpec): PodSpec {
  const over = new Map(patch.containers.map((container) => [container.name, container]));
  return {
    ...pod,
    volumes: merged(pod.volumes, patch.volumes, ({ name }) => name),
    containers: pod.containers.map((container) => {
      const { env = [], volumeMounts = [] } = over.get(container.name) ?? {};
      return {
        ...container,
        env: merged(container.env, env, ({ name }) => name),
        volumeMounts: merged(container.volumeMounts, volumeMounts, ({ mountPath }) => mountPath),
      };
    }),
  };
}

function merged<T>(list: readonly T[], patch: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const all = new Map(list.map((item) => [keyOf(item), item]));
  for (const item of patch) {
    all.set(keyOf(item), { ...all.get(keyOf(item)), ...item });
  }
  return [...all.values()];
}
