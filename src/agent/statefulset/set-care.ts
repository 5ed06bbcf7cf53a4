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
import { isAsked, type Leaver, leaversOf } from './leavers.ts';

export interface SetCareTiming extends SetWatchTiming {
  /** Between two looks at who has to leave. */
  readonly lookMs: number;
  /** After somebody was asked for, so long is waited before the same is asked for again; twice as long after each further time, */
  readonly askAgainMs: number;
  /** up to this: each one that is refused stands in the history. */
  readonly askSeldomMs: number;
}

export const setCareTiming: SetCareTiming = {
  ...setWatchTiming,
  lookMs: 2000,
  askAgainMs: 10_000,
  askSeldomMs: 600_000,
};

export interface SetCareOptions {
  readonly identity: PodIdentity;
  readonly api: KubeApi;
  readonly keeper: Pick<MemberKeeper, 'options' | 'reconsider' | 'retire' | 'exclusively' | 'stopProcess'>;
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
  /** Who was asked for, by member id: when last (monotonic), and how often since the set has changed. */
  readonly #asked = new Map<string, { readonly atMs: number; readonly times: number }>();
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
        this.#asked.clear();
        const { replicas, firstOrdinal } = set ?? {};
        log('StatefulSet seen', { name: identity.statefulSet, isThere: set !== undefined, replicas, firstOrdinal });
        this.#news.tell();
      },
      onFault: (error) => onFault(`following the StatefulSet ${identity.statefulSet}`, error),
    });
    this.#working ??= this.#work();
  }

  /**
   * Has a member leave, unless that is asked for already, or was a moment ago. Throws what the journal refuses with.
   * @param hurry there is little time: it is not asked for more seldom each time
   */
  async ask(
    leaver: Leaver,
    { signal, hurry = false }: { readonly signal: AbortSignal; readonly hurry?: boolean },
  ): Promise<void> {
    const { request, observation, timing, log } = this.options;
    const nowMs = performance.now();
    const { atMs, times } = this.#asked.get(leaver.id) ?? { atMs: Number.NEGATIVE_INFINITY, times: 0 };
    const pauseMs = hurry ? timing.askAgainMs : Math.min(timing.askSeldomMs, timing.askAgainMs * 2 ** (times - 1));
    if (isAsked(observation(), leaver) || nowMs - atMs < pauseMs) return;
    this.#asked.set(leaver.id, { atMs: nowMs, times: times + 1 });
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
      await this.ask(leaver, { signal });
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
