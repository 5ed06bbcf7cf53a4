/** As much of a pod as the tests of the manifests look at. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly priorityClassName?: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

interface Probe {
  readonly httpGet: { readonly scheme: string; readonly port: string | number; readonly path: string };
}

export interface Volume {
  readonly name: string;
  readonly hostPath?: { readonly path: string; readonly type: string };
  readonly secret?: SecretVolume;
  readonly configMap?: { readonly name: string };
  readonly emptyDir?: object;
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

interface SecretVolume {
  readonly secretName: string;
  readonly defaultMode: number;
  readonly items?: readonly { readonly key: string; readonly path: string }[];
}

/** What the kubelet makes of a container's `env`. @param fields what the pod's fields say, by path */
export function environmentIn(
  container: Pick<Container, 'env'> | undefined,
  fields: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const made: Record<string, string> = {};
  for (const { name, value, valueFrom } of container?.env ?? []) {
    made[name] =
      value?.replace(/\$\((\w+)\)/g, (as, other: string) => made[other] ?? as) ??
      fields[valueFrom?.fieldRef.fieldPath ?? ''] ??
      '';
  }
  return made;
}

/** The mount under which a path lies, as the container has it. */
export function mountOf(container: Container | undefined, path: string): Container['volumeMounts'][number] | undefined {
  return container?.volumeMounts
    .filter(({ mountPath }) => `${path}/`.startsWith(`${mountPath}/`))
    .toSorted((one, other) => other.mountPath.length - one.mountPath.length)[0];
}
