import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { NotifyEvent } from '../../expose/notify/event.ts';
import type { KubeApi } from '../../supervise/statefulset/kube-api.ts';
import type { Involved } from '../../supervise/statefulset/kube-event.ts';
import type { PodIdentity } from '../../supervise/statefulset/pod-identity.ts';

export interface PodEventsTiming {
  /** After the API was away it is asked again after this, then after twice as long each time, */
  readonly firstPauseMs: number;
  /** up to this. */
  readonly longestPauseMs: number;
  /** What is older is told no more: the API keeps events for an hour by default. */
  readonly giveUpMs: number;
}

export const podEventsTiming: PodEventsTiming = { firstPauseMs: 1000, longestPauseMs: 60_000, giveUpMs: 3_600_000 };

/** So many wait at most while the API is away; then the oldest are dropped. */
const MOST_WAITING = 100;

export interface PodEventsOptions {
  readonly identity: PodIdentity;
  readonly api: Pick<KubeApi, 'statefulSet' | 'pod' | 'createEvent'>;
  readonly timing: PodEventsTiming;
  readonly onFault: (what: string, error: unknown) => void;
}

/**
 * Writes what the agents do as Events of Kubernetes, at the StatefulSet and at the pods of the members concerned. In the background and in
 * order; nothing waits for it, and what cannot be told in time is dropped: the journal and the receivers of `notify` have it all.
 */
export class PodEvents implements AsyncDisposable {
  readonly #options: PodEventsOptions;
  readonly #ending = new AbortController();
  readonly #waiting: NotifyEvent[] = [];
  #working: Promise<void> | undefined;
  /** Beside the promise, which is settled a moment after the last look at what waits. */
  #isWorking = false;

  constructor(options: PodEventsOptions) {
    this.#options = options;
  }

  /** Returns at once, never throws. */
  tell(event: NotifyEvent): void {
    if (event.repeated === true || this.#ending.signal.aborted) return;
    this.#waiting.push(event);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#working = this.#work();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#working;
  }

  async #work(): Promise<void> {
    const { signal } = this.#ending;
    let pauseMs = this.#options.timing.firstPauseMs;
    try {
      for (let event = this.#waiting[0]; event !== undefined && !signal.aborted; event = this.#waiting[0]) {
        if (await this.#isDone(event, signal)) {
          // It may have been dropped meanwhile.
          if (this.#waiting[0] === event) this.#waiting.shift();
          pauseMs = this.#options.timing.firstPauseMs;
        } else {
          await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
          pauseMs = Math.min(this.#options.timing.longestPauseMs, pauseMs * 2);
        }
      }
    } finally {
      this.#isWorking = false;
    }
  }

  /** Whether it was written, or will never be; false where the API is away. */
  async #isDone(event: NotifyEvent, signal: AbortSignal): Promise<boolean> {
    try {
      if (Date.now() - event.atMs < this.#options.timing.giveUpMs) await this.#write(event, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.#options.onFault('writing an Event of Kubernetes', error);
      return faultOf(error).code !== 'KUBE_AWAY';
    }
  }

  async #write(event: NotifyEvent, signal: AbortSignal): Promise<void> {
    const { api, identity } = this.#options;
    const { id = '', operation = '', summary, description, severity, atMs } = event;
    const [reason] = description.split('\n');
    const told = {
      id: `${event.name} ${id} ${operation} ${id === '' ? atMs : ''}`,
      reason: reasonOf(event),
      message: reason === undefined || reason === '' ? summary : `${summary} (${reason})`,
      type: severity === 'info' ? ('Normal' as const) : ('Warning' as const),
      atMs,
    };
    for (const involved of await this.#involved(event, signal)) {
      await api.createEvent({ ...told, involved }, identity.pod, signal);
    }
  }

  /** The StatefulSet and the pods that are there; a member has the name of its pod. */
  async #involved({ members = [] }: NotifyEvent, signal: AbortSignal): Promise<readonly Involved[]> {
    const { api, identity } = this.#options;
    const { set } = await api.statefulSet(identity.statefulSet, signal);
    // Of one that the Role does not name nothing is known: the StatefulSet has the event all the same.
    const pods = await Promise.all(
      members.map((name) =>
        api.pod(name, signal).catch((error: unknown) => {
          if (faultOf(error).code !== 'KUBE_FORBIDDEN') throw error;
          return undefined;
        }),
      ),
    );
    return [
      ...(set === undefined ? [] : [{ kind: 'StatefulSet' as const, name: set.name, uid: set.uid }]),
      ...pods.flatMap((pod) => (pod === undefined ? [] : [{ kind: 'Pod' as const, name: pod.name, uid: pod.uid }])),
    ];
  }
}

/** `ReplaceStarted`, `MoveLeaderSucceeded`; without an operation what happened: `Paused`, `RecoveryHeld`. */
function reasonOf({ name, operation, outcome }: NotifyEvent): string {
  if (operation === undefined) return camelCase(name);
  const of = camelCase(operation);
  if (name === 'operation-started') return `${of}Started`;
  return name === 'operation-ended' ? `${of}${camelCase(outcome ?? 'ended')}` : `${of}${camelCase(name)}`;
}

function camelCase(words: string): string {
  return words.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}
