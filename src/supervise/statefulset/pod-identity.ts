import { readFile } from 'node:fs/promises';
import { AgentError } from '../../cluster/agent-error.ts';

/** Which pod of which StatefulSet an agent is in. */
export interface PodIdentity {
  readonly namespace: string;
  readonly pod: string;
  readonly statefulSet: string;
  /** The number at the end of the pod's name. */
  readonly ordinal: number;
}

/** What the configuration says of it; what is left out is found in the pod. */
export interface PodIdentityOptions {
  readonly namespace?: string;
  readonly statefulSet?: string;
  readonly pod?: string;
}

/** Where a pod finds out about itself. */
export interface PodSurroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly hostname: string;
  /** The folder that Kubernetes mounts into each pod with a service account: `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly accountDir: string;
}

/** Where Kubernetes mounts a pod's service account: part of its API, the same in every version. */
export const ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Which pod this is: by the configuration, else by `POD_NAME` and `POD_NAMESPACE` (the downward API), else by the host's name, which in a
 * StatefulSet is the pod's, and by the service account's own file. Throws `SUPERVISE_POD_UNKNOWN`.
 */
export async function podIdentity(options: PodIdentityOptions, around: PodSurroundings): Promise<PodIdentity> {
  const { env, hostname, accountDir } = around;
  const pod = options.pod ?? (env['POD_NAME'] || hostname);
  const ordinal = ordinalOf(pod);
  if (ordinal === undefined) {
    throw unknown(
      `${pod} is not the name of a pod of a StatefulSet: it does not end in a number`,
      'Set supervise.statefulset.pod, or POD_NAME from the downward API (fieldRef metadata.name).',
    );
  }
  const statefulSet = options.statefulSet ?? ordinal.of;
  if (statefulSet !== ordinal.of) {
    throw unknown(
      `the pod ${pod} is not one of the StatefulSet ${statefulSet}`,
      'Leave supervise.statefulset.name out, or correct it.',
    );
  }
  const namespace = options.namespace ?? (env['POD_NAMESPACE'] || (await namespaceIn(accountDir)));
  if (namespace === undefined) {
    throw unknown(
      `the namespace of the pod ${pod} is not known: there is no ${accountDir}/namespace`,
      'Set supervise.statefulset.namespace, or POD_NAMESPACE from the downward API (fieldRef metadata.namespace).',
    );
  }
  return { namespace, pod, statefulSet, ordinal: ordinal.number };
}

/** The number at the end of a pod's name, and the StatefulSet that it is of by that; undefined where it has none. */
export function ordinalOf(pod: string): { readonly number: number; readonly of: string } | undefined {
  const [, of, digits] = /^(.+)-(0|[1-9]\d{0,8})$/.exec(pod) ?? [];
  return of === undefined || digits === undefined ? undefined : { number: Number(digits), of };
}

async function namespaceIn(accountDir: string): Promise<string | undefined> {
  const text = await readFile(`${accountDir}/namespace`, 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

function unknown(what: string, remedy: string): AgentError {
  return new AgentError('SUPERVISE_POD_UNKNOWN', `It is not known which pod this is: ${what}.`, { remedy });
}
