import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { PodSetView } from '../../cluster/pod-set.ts';
import type { Permit } from '../../operate/effects.ts';
import type { PodSetPort } from '../../operate/pod-set-port.ts';
import type { KubeApi } from '../../supervise/statefulset/kube-api.ts';
import type { PodIdentity } from '../../supervise/statefulset/pod-identity.ts';
import { podSetView } from '../../supervise/statefulset/pod-set-view.ts';
import { releaseClaim, planRelease as workOut } from '../../supervise/statefulset/release-claim.ts';

export interface PodSetTiming {
  /** Between two looks of the leading agent. */
  readonly lookMs: number;
  /** What is older says nothing of now. */
  readonly freshMs: number;
}

export const podSetTiming: PodSetTiming = { lookMs: 10_000, freshMs: 60_000 };

/** A set changes whenever its controller counts its pods anew: between reading and writing that may be. */
const PATCH_ATTEMPTS = 5;

export interface PodSetSourceOptions {
  readonly identity: PodIdentity;
  readonly api: KubeApi;
  readonly timing: PodSetTiming;
  /** The newest one, with what is to be seen of acting. */
  readonly observation: () => Observation;
  readonly onFault: (what: string, error: unknown) => void;
}

/**
 * The StatefulSet of an agent's own pod: looked at every few seconds while the agent leads, for the policies; and changed by operations. While the
 * Kubernetes API is away nothing is known of it, and nothing waits for it.
 */
export class PodSetSource implements AsyncDisposable {
  readonly #options: PodSetSourceOptions;
  readonly #ending = new AbortController();
  #working: Promise<void> | undefined;
  /** Made through the port. */
  #changes = 0;
  #seen: { readonly view: PodSetView | undefined; readonly atMs: number } | undefined;

  constructor(options: PodSetSourceOptions) {
    this.#options = options;
  }

  /** Begins to look; never rejects. */
  start(): void {
    this.#working ??= this.#work();
  }

  /** What was seen last, unless that is too long ago. */
  get view(): PodSetView | undefined {
    const isFresh = this.#seen !== undefined && performance.now() - this.#seen.atMs < this.#options.timing.freshMs;
    return isFresh ? this.#seen?.view : undefined;
  }

  /** What operations change. */
  get port(): PodSetPort {
    const { api, identity } = this.#options;
    const { statefulSet } = identity;
    return {
      look: (signal) => podSetView({ statefulSet }, api, signal),
      lowerPartition: ({ index, atRest, revision }, permit) =>
        this.#change({ partition: index, atRest, revision }, permit),
      holdBack: (partition, permit) => this.#change({ partition, atRest: undefined }, permit),
      endPod: (pod, { signal, check }) => {
        check();
        return this.#changing(() => api.deletePod(pod, signal));
      },
      planRelease: async (pod, signal) => {
        const { set } = await api.statefulSet(statefulSet, signal);
        if (set === undefined || set.isDeleted) throw noSet(statefulSet);
        return workOut({ pod, claimTemplates: set.claimTemplates }, api, signal);
      },
      release: (plan, { signal, check }) =>
        this.#changing(() =>
          releaseClaim(plan, { member: plan.pod, statefulSet, atMs: Date.now() }, api, { signal, check }),
        ),
    };
  }

  /** What was seen before says nothing any more, however the call has ended: policies wait for the next look. */
  async #changing<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } finally {
      this.#changes += 1;
      this.#seen = undefined;
    }
  }

  async #change(
    change: { readonly partition: number; readonly atRest: number | undefined; readonly revision?: string },
    { signal, check }: Permit,
  ): Promise<void> {
    const { api, identity } = this.#options;
    const { statefulSet } = identity;
    for (let attempt = 1; ; attempt += 1) {
      const { set, setVersion } = await api.statefulSet(statefulSet, signal);
      if (set === undefined || setVersion === undefined || set.isDeleted) throw noSet(statefulSet);
      if (set.partition === undefined) throw notRolling(statefulSet);
      // What made the last attempt a conflict may be the template, for which nothing has been looked at.
      if (change.revision !== undefined && set.updateRevision !== change.revision) throw otherTemplate(statefulSet);
      if (change.revision !== undefined && set.partition < change.partition)
        throw otherPartition(statefulSet, set.partition);
      check();
      try {
        return await this.#changing(() => api.setPartition({ name: statefulSet, setVersion }, change, signal));
      } catch (error) {
        // At the very version that was read: what an agent that does not lead any more has sent late changes nothing.
        if (faultOf(error).code !== 'KUBE_CONFLICT' || attempt === PATCH_ATTEMPTS) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#working;
  }

  async #work(): Promise<void> {
    const { signal } = this.#ending;
    const { observation, identity, api, timing, onFault } = this.#options;
    while (!signal.aborted) {
      const { caretaking, sections } = observation();
      if (caretaking?.leads === true) {
        // A pod whose member was never started, or is none any more, has no member of its name.
        const members = sections.cluster?.value?.members;
        const answering =
          members === undefined
            ? {}
            : { answering: new Set(members.filter(({ reachable }) => reachable).map(({ name }) => name)) };
        try {
          const changes = this.#changes;
          const view = await podSetView({ statefulSet: identity.statefulSet, ...answering }, api, signal);
          if (changes === this.#changes) this.#seen = { view, atMs: performance.now() };
        } catch (error) {
          if (!signal.aborted) onFault(`looking at the pods of the StatefulSet ${identity.statefulSet}`, error);
        }
      } else {
        // Somebody else changes it meanwhile.
        this.#seen = undefined;
      }
      await sleep(timing.lookMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

function noSet(name: string): AgentError {
  return new AgentError('NO_POD_SET', `There is no StatefulSet ${name}, or it is being deleted.`, {
    remedy: 'Nothing is to be done where that is meant.',
  });
}

function otherTemplate(name: string): AgentError {
  return new AgentError('TEMPLATE_CHANGED', `The template of ${name} has been changed once more.`, {
    remedy: 'The next rollout is of that one.',
  });
}

function otherPartition(name: string, partition: number): AgentError {
  return new AgentError('PARTITION_CHANGED', `Somebody else has lowered the partition of ${name} to ${partition}.`, {
    remedy: 'Leave it to the agents while they roll out.',
  });
}

function notRolling(name: string): AgentError {
  return new AgentError('ROLLOUT_BY_KUBERNETES', `The StatefulSet ${name} has no updateStrategy RollingUpdate.`, {
    remedy: 'Set spec.updateStrategy to RollingUpdate with a partition that holds all pods back.',
  });
}
