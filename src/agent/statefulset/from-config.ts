import { hostname } from 'node:os';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Config } from '../../config/config.ts';
import type { NotifyEvent } from '../../expose/notify/event.ts';
import type { MemberKeeper } from '../member/keeper.ts';
import { endPod } from './pod-end.ts';
import type { PodSetSource } from './pod-set-source.ts';
import { type SetCareOptions, setCareTiming } from './set-care.ts';

/** What an agent in a pod of a StatefulSet does besides. Its owner disposes of it. */
export interface PodCare extends AsyncDisposable {
  start(): void;
  /** Back when the pod may end: its member has left, or leads no more, and etcd has ended. Never rejects. */
  end(): Promise<void>;
  /** What is seen of the StatefulSet, and what changes it. */
  readonly pods?: PodSetSource;
  /** Has Kubernetes know what has happened; returns at once. */
  tell(event: NotifyEvent): void;
}

/** What stands for it where the agent is in no such pod. */
const none: PodCare = {
  start: () => undefined,
  end: async () => undefined,
  tell: () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};

/**
 * What follows the StatefulSet of an agent with this configuration. Nothing is asked of the Kubernetes API before it is started, and nothing
 * waits for it afterwards. Throws `SUPERVISE_POD_UNKNOWN`, `KUBE_CONFIG_UNREADABLE`.
 */
export async function podCareOf(
  { member, supervise }: Pick<Config, 'member' | 'supervise'>,
  keeper: MemberKeeper | undefined,
  parts: Pick<SetCareOptions, 'observation' | 'request' | 'log' | 'onFault'>,
): Promise<PodCare> {
  if (supervise.kind !== 'statefulset' || keeper === undefined) return none;
  const [
    { SetCare },
    { PodEvents, podEventsTiming },
    { PodSetSource: Source, podSetTiming },
    { ACCOUNT_DIR, podIdentity },
    { kubeConnection },
    { kubeApi },
  ] = await Promise.all([
    import('./set-care.ts'),
    import('./pod-events.ts'),
    import('./pod-set-source.ts'),
    import('../../supervise/statefulset/pod-identity.ts'),
    import('../../supervise/statefulset/kube-connection.ts'),
    import('../../supervise/statefulset/kube-api.ts'),
  ]);
  const { namespace, name, pod, kubeconfig } = supervise.statefulset;
  const identity = await podIdentity(
    {
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { statefulSet: name }),
      ...(pod === undefined ? {} : { pod }),
    },
    { env: process.env, hostname: hostname(), accountDir: ACCOUNT_DIR },
  );
  if (identity.pod !== member.name) {
    const message = `The member is called ${member.name}, and its pod ${identity.pod}: which member goes with which pod is told by the name.`;
    throw new AgentError('SUPERVISE_POD_UNKNOWN', message, {
      member: member.name,
      remedy: 'Give the member the name of its pod (member.name), or correct POD_NAME or supervise.statefulset.pod.',
    });
  }
  const api = kubeApi(await kubeConnection(kubeconfig), identity.namespace);
  const care = new SetCare({
    identity,
    api,
    keeper,
    ...parts,
    timing: setCareTiming,
    stopGraceMs: supervise.stopGraceMs,
  });
  const events = new PodEvents({ identity, api, timing: podEventsTiming, onFault: parts.onFault });
  const pods = new Source({
    ...{ identity, api, timing: podSetTiming },
    observation: parts.observation,
    onFault: parts.onFault,
  });
  const ending = new AbortController();
  return {
    start: () => {
      care.start();
      pods.start();
    },
    pods,
    end: () => endPod(care, ending.signal),
    tell: (event) => events.tell(event),
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await care[Symbol.asyncDispose]();
      await pods[Symbol.asyncDispose]();
      await events[Symbol.asyncDispose]();
    },
  };
}
