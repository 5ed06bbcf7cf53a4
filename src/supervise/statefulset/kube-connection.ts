import type { KubeConfig } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import { linkedAbort } from '../../abort/linked-abort.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import { KubeError, kubeErrorOf, noAnswer } from './kube-error.ts';
import { ACCOUNT_DIR } from './pod-identity.ts';

/** One call to the Kubernetes API. */
export interface KubeCall {
  /** For people, such as "get pod etcd-0". */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its leading slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; of a patch as a merge patch. */
  readonly body?: unknown;
}

/** The way to the Kubernetes API. Errors are `KubeError`. */
export interface KubeConnection {
  /** The answer's JSON; undefined where the API says 404. */
  call(call: KubeCall, signal: AbortSignal): Promise<unknown>;
  /** Hands over each line of a watch, and is back when the server ends it. Throws `KUBE_AWAY` where it is quiet for `quietMs`. */
  lines(call: KubeCall, quietMs: number, onLine: (json: unknown) => void, signal: AbortSignal): Promise<void>;
}

/** How long one call may take, and a watch until it is answered. */
const CALL_TIMEOUT_MS = 10_000;

/**
 * Connects by a kubeconfig, else as the pod's own service account. Nothing is sent yet. The library is loaded here, so that only agents of
 * this kind carry it (measured: 85 MB resident). Throws `KUBE_CONFIG_UNREADABLE`.
 */
export async function kubeConnection(kubeconfig: string | undefined): Promise<KubeConnection> {
  const [{ KubeConfig: Config, RequestContext, HttpMethod }, { fetch }] = await Promise.all([
    import('@kubernetes/client-node'),
    import('undici'),
  ]);
  const config = new Config();
  if (kubeconfig === undefined) loadOwn(config);
  else load(config, kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) {
    throw unreadable(`${kubeconfig} names no cluster in its current context`);
  }
  const open = async ({ what, method, path, query, body }: KubeCall, signal: AbortSignal) => {
    const url = new URL(server.replace(/\/+$/, '') + path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const context = new RequestContext(url.href, method === 'GET' ? HttpMethod.GET : HttpMethod[method]);
    try {
      await config.applySecurityAuthentication(context);
    } catch (cause) {
      throw unreadable(`credentials for the Kubernetes API cannot be read (${codeOf(cause)})`);
    }
    const dispatcher: Dispatcher | undefined = context.getDispatcher();
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    try {
      const reply = await fetch(url, {
        method,
        headers: {
          ...context.getHeaders(),
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': type }),
        },
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(dispatcher === undefined ? {} : { dispatcher }),
      });
      return { reply, close: () => void dispatcher?.destroy() };
    } catch (cause) {
      void dispatcher?.destroy();
      throw noAnswer(what, cause);
    }
  };
  return {
    call: async (call, signal) => {
      const link = linkedAbort([signal], CALL_TIMEOUT_MS);
      try {
        const { reply, close } = await open(call, link.signal);
        try {
          const text = await reply.text().catch((cause: unknown) => {
            throw noAnswer(call.what, cause);
          });
          if (reply.status === 404) return undefined;
          if (!reply.ok) throw kubeErrorOf(reply.status, call.what, saidIn(text));
          return parsed(call.what, text);
        } finally {
          close();
        }
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        link.release();
      }
    },
    lines: async (call, quietMs, onLine, signal) => {
      const link = linkedAbort([signal]);
      let timer = setTimeout(() => link.abort(new Error('it does not answer')), CALL_TIMEOUT_MS);
      const heard = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => link.abort(new Error(`nothing was heard for ${quietMs} ms`)), quietMs);
      };
      try {
        const { reply, close } = await open(call, link.signal);
        try {
          if (!reply.ok) throw kubeErrorOf(reply.status, call.what, saidIn(await reply.text().catch(() => '')));
          heard();
          const decoder = new TextDecoder();
          let rest = '';
          for await (const chunk of reply.body ?? []) {
            heard();
            const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
            rest = lines.pop() ?? '';
            for (const line of lines.filter((text) => text.trim() !== '')) onLine(parsed(call.what, line));
          }
        } finally {
          close();
        }
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof AgentError ? error : noAnswer(call.what, error);
      } finally {
        clearTimeout(timer);
        link.release();
      }
    },
  };
}

function loadOwn(config: KubeConfig): void {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!host || !port) {
    throw new AgentError(
      'KUBE_CONFIG_UNREADABLE',
      'This is not a pod: KUBERNETES_SERVICE_HOST and _PORT are not set.',
      {
        remedy: `Set supervise.statefulset.kubeconfig, or run it in a pod with a service account (${ACCOUNT_DIR}).`,
      },
    );
  }
  config.loadFromCluster();
}

function load(config: KubeConfig, file: string): void {
  try {
    config.loadFromFile(file);
  } catch (cause) {
    throw unreadable(`${file} cannot be read as a kubeconfig (${codeOf(cause)})`);
  }
}

/** The message of such an error may quote the file, in which there are secrets. */
function codeOf(cause: unknown): string {
  const { code } = faultOf(cause);
  return code === 'INTERNAL' ? 'it is not as it has to be' : code;
}

function unreadable(message: string): AgentError {
  return new AgentError('KUBE_CONFIG_UNREADABLE', message, {
    remedy: 'Correct supervise.statefulset.kubeconfig, or leave it out in a pod with a service account.',
  });
}

/** The sentence in the API's own `Status`. */
function saidIn(text: string): string {
  try {
    const json: unknown = JSON.parse(text);
    const message = typeof json === 'object' && json !== null && 'message' in json ? json.message : undefined;
    return typeof message === 'string' ? message : '';
  } catch {
    return text.slice(0, 200);
  }
}

function parsed(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KubeError('KUBE_UNREADABLE', `${what}: the Kubernetes API answers with what is no JSON`, { cause });
  }
}
