import type { PodSpec } from '../pod.ts';

/** As much of an object of Kubernetes as the tests of the manifests look at. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  /** Of a ConfigMap. */
  readonly data?: Readonly<Record<string, string>>;
  /** Of a Role. */
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
  readonly automountServiceAccountToken?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: it is another one for each kind, and a test says what it looks for.
  readonly spec?: any;
}

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The one object of a kind, and of a name where there are several. */
export function objectOf(objects: readonly KubeObject[], kind: string, name?: string): KubeObject {
  const [found, another] = objects.filter(
    (each) => each.kind === kind && (name ?? each.metadata.name) === each.metadata.name,
  );
  if (found === undefined || another !== undefined) {
    throw new Error(`${found === undefined ? 'no' : 'more than one'} ${kind} ${name ?? ''}`);
  }
  return found;
}

/** The pods that an object makes. */
export function podOf({ kind, spec }: KubeObject): PodSpec | undefined {
  if (kind === 'Pod') return spec;
  return ['StatefulSet', 'DaemonSet', 'Job'].includes(kind) ? spec.template.spec : undefined;
}

/** What its agents are configured with, as the ConfigMap has it. */
export function agentYamlOf(objects: readonly KubeObject[]): string {
  const texts = objects.flatMap(({ kind, data }) => (kind === 'ConfigMap' ? (data?.['agent.yaml'] ?? []) : []));
  const [text, ...more] = texts;
  if (text === undefined || more.length > 0) throw new Error(`${texts.length} ConfigMaps have an agent.yaml`);
  return text;
}
