import { AgentError, faultOf } from '../../cluster/agent-error.ts';

/**
 * What a call to the Kubernetes API ended with: `KUBE_AWAY` (no answer, or one that says to come again: 429, 5xx), `KUBE_FORBIDDEN` (401, 403),
 * `KUBE_GONE` (410: what was watched from is too old), `KUBE_CONFLICT` (409: it is another object by now, or was changed meanwhile),
 * `KUBE_REFUSED` (any other status), `KUBE_UNREADABLE` (no JSON, or not what was asked for).
 */
export class KubeError extends AgentError {}

/** The error of an answer with this status. @param what the call in words, such as "get pod etcd-0" @param said the API's own sentence */
export function kubeErrorOf(status: number, what: string, said: string): KubeError {
  const message = `${what}: the Kubernetes API answers ${status}${said === '' ? '' : `: ${said}`}`;
  if (status === 401 || status === 403) {
    return new KubeError('KUBE_FORBIDDEN', message, {
      remedy: "Give the agent's service account this right: docs/supervise-statefulset.md lists them.",
    });
  }
  if (status === 409 || status === 412) return new KubeError('KUBE_CONFLICT', message);
  if (status === 410) return new KubeError('KUBE_GONE', message);
  if (status === 429 || status >= 500) return away(message);
  return new KubeError('KUBE_REFUSED', message);
}

/** The error of a call that has got no answer. */
export function noAnswer(what: string, cause: unknown): KubeError {
  // Undici says "fetch failed", and what is the matter is in the cause of that.
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const { code, message } = faultOf(inner);
  return away(`${what}: the Kubernetes API does not answer: ${message === '' ? code : message}`, cause);
}

function away(message: string, cause?: unknown): KubeError {
  return new KubeError('KUBE_AWAY', message, {
    remedy: 'Nothing that the member needs waits for it; see whether the API server runs and is reached from the pod.',
    ...(cause === undefined ? {} : { cause }),
  });
}
