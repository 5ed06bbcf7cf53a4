import { within } from '../../abort/linked-abort.ts';
import { BY_STATEFULSET } from '../../cluster/caretaking.ts';
import type { Observation } from '../../cluster/observation.ts';
import type { CaretakingPorts } from '../../expose/caretaking-ports.ts';
import type { KubeApi } from '../../supervise/statefulset/kube-api.ts';
import type { SetState } from '../../supervise/statefulset/kube-objects.ts';
import { placeOf } from '../../supervise/statefulset/place.ts';
import type { PodIdentity } from '../../supervise/statefulset/pod-identity.ts';
import { type SetWatchTiming, setWatchTiming, watchSet } from '../../supervise/statefulset/set-watch.ts';
import { News } from '../caretaker/news.ts';
import type { MemberKeeper } from '../member/keeper.ts';
import { isAsked, leaversOf } from './leavers.ts';

export interface SetCareTiming extends SetWatchTiming {
  /** Between two looks at who has to leave. */
  readonly lookMs: number;
  /** After somebody was asked for, so long is waited before the same is asked for again. */
  readonly askAgainMs: number;
}

export const setCareTiming: SetCareTiming = { ...setWatchTiming, lookMs: 2000, askAgainMs: 10_000 };

export interface SetCareOptions {
  readonly identity: PodIdentity;
  readonly api: KubeApi;
  readonly keeper: Pick<MemberKeeper, 'options' | 'reconsider' | 'hold' | 'exclusively' | 'stopProcess' | 'view'>;
  /** The newest one, with what is to be seen of acting. */
  readonly observation: () => Observation;
  readonly request: CaretakingPorts['request'];
  readonly timing: SetCareTiming;
  /** How long etcd may take to end. */
  readonly stopGraceMs: number;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly onFault: (what: string, error: unknown) => void;
}

/** How long one request to the agents may take to be written down. */
const ASK_TIMEOUT_MS = 5000;

/**
 * Follows the StatefulSet of an agent's pod: has members leave whose pods it does not want any more, and lets one come back that has left
 * for that reason. What it does hangs on a word that is read right then; while the API is away nothing is done and nothing waits.
 */
export class SetCare implements AsyncDisposable {
  readonly options: SetCareOptions;
  readonly #ending = new AbortController();
  readonly #news = new News();
  /** When somebody was asked for last, by member id; monotonic. */
  readonly #askedMs = new Map<string, number>();
  #watch: AsyncDisposable | undefined;
  #working: Promise<void> | undefined;
  #seen: { readonly set: SetState | undefined } | undefined;

  constructor(options: SetCareOptions) {
    this.options = options;
  }

  /** Begins to follow; never rejects. */
  start(): void {
    const { api, identity, timing, log, onFault } = this.options;
    this.#watch ??= watchSet({
      api,
      timing,
      name: identity.statefulSet,
      onChange: (set) => {
        this.#seen = { set };
        const { replicas, firstOrdinal } = set ?? {};
        log('StatefulSet seen', { name: identity.statefulSet, isThere: set !== undefined, replicas, firstOrdinal });
        this.#news.tell();
      },
      onFault: (error) => onFault(`following the StatefulSet ${identity.statefulSet}`, error),
    });
    this.#working ??= this.#work();
  }

  /** Has a member leave, unless that is asked for already. Throws what the journal refuses with. */
  async ask(leaver: { readonly id: string; readonly name: string }, signal: AbortSignal): Promise<void> {
    const { request, observation, timing, log } = this.options;
    const nowMs = performance.now();
    const askedMs = this.#askedMs.get(leaver.id) ?? Number.NEGATIVE_INFINITY;
    if (isAsked(observation(), leaver) || nowMs - askedMs < timing.askAgainMs) return;
    this.#askedMs.set(leaver.id, nowMs);
    const wish = { operation: 'leave', member: leaver.id, by: BY_STATEFULSET };
    await within([signal], ASK_TIMEOUT_MS, (until) => request(wish, until));
    log('the StatefulSet was made smaller: its member is to leave', { leaver: leaver.name, memberId: leaver.id });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#working;
  }

  async #work(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await this.#look(signal);
      } catch (error) {
        if (!signal.aborted) this.options.onFault('following the size of the StatefulSet', error);
      }
      await this.#news.next(this.options.timing.lookMs, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { identity, api, observation } = this.options;
    if (this.#seen === undefined) return;
    const { set } = this.#seen;
    const [leaver] = leaversOf(set, identity, observation());
    const mayReturn = this.#hasLeft() && placeOf(set, identity.ordinal) === 'kept';
    if (leaver === undefined && !mayReturn) return;
    if (leaver !== undefined && isAsked(observation(), leaver)) return;
    // What was watched may be behind, and it is about members.
    const now = await api.statefulSet(identity.statefulSet, signal);
    if (mayReturn && placeOf(now.set, identity.ordinal) === 'kept') await this.#comeBack();
    if (leaversOf(now.set, identity, observation()).some(({ id }) => id === leaver?.id) && leaver !== undefined) {
      await this.ask(leaver, signal);
    }
  }

  #hasLeft(): boolean {
    const { current } = this.options.keeper.options.memory;
    return current?.leftBy === 'statefulset' && current.leftAtMs !== undefined;
  }

  async #comeBack(): Promise<void> {
    const { keeper, log } = this.options;
    const { memory } = keeper.options;
    if (memory.current === undefined) return;
    const { leftAtMs: _leftAtMs, ...rest } = memory.current;
    await memory.remember(rest);
    log('the StatefulSet is larger again: the member may come back');
    keeper.reconsider();
  }
}
