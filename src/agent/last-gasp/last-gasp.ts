import { type KeptGasp, ownGasps, sweepParts } from '../../backup/last-gasp/folder.ts';
import { faultOf } from '../../cluster/agent-error.ts';
import type { KeptGaspView, LastGaspView } from '../../cluster/last-gasp-view.ts';
import type { Fault, Observation } from '../../cluster/observation.ts';
import { HeldCondition } from '../../cluster/stability.ts';
import type { KnownMember } from './keep-state.ts';
import type { LastGaspOptions } from './options.ts';
import { quorumSight } from './quorum-sight.ts';

const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** Observations that are so many intervals apart are not seen as one stretch of time. */
const BLIND_INTERVALS = 6;
const BLIND_MS = 60_000;

/**
 * Keeps what the own member has, once for each time that the quorum is lost for a while. It asks nobody's leave: without a quorum
 * there is no leader. Whoever owns it disposes of it.
 */
export class LastGasp implements AsyncDisposable {
  readonly #options: LastGaspOptions;
  readonly #ended = new AbortController();
  readonly #lost: HeldCondition;
  readonly #failures = new Map<string, number>();
  #known: KnownMember = {};
  #swept: Promise<void> | undefined;
  #underWay: Promise<void> | undefined;
  #newest: KeptGaspView | undefined;
  #fault: Fault | undefined;
  #isLost = false;
  /** Counted, since what is kept of one may only be whole in the next. */
  #loss = 0;
  #keptOf = -1;
  #pauseMs = 0;
  #notBeforeMs = 0;

  constructor(options: LastGaspOptions) {
    this.#options = options;
    this.#lost = new HeldCondition(Math.max(BLIND_MS, BLIND_INTERVALS * options.intervalMs));
  }

  /** What is to be seen of it now. */
  view(): LastGaspView {
    return {
      dir: this.#options.place.dir,
      quorumLost: this.#isLost,
      underWay: this.#underWay !== undefined,
      ...(this.#newest === undefined ? {} : { newest: this.#newest }),
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
      failures: [...this.#failures].map(([reason, count]) => ({ reason, count })),
    };
  }

  /** Takes in each new observation. @param nowMs monotonic clock */
  take(observation: Observation, nowMs: number = performance.now()): void {
    if (this.#ended.signal.aborted) return;
    this.#swept ??= this.#sweep();
    this.#know(observation);
    const sight = quorumSight(observation);
    const seconds = this.#lost.look(sight === 'lost', nowMs);
    this.#isLost = sight === 'lost';
    if (sight === 'holds') this.#begin();
    const isDue = sight === 'lost' && seconds * 1000 >= this.#options.afterMs && nowMs >= this.#notBeforeMs;
    if (!isDue || this.#keptOf === this.#loss || this.#underWay !== undefined) return;
    this.#underWay = this.#keep(observation).finally(() => {
      this.#underWay = undefined;
      this.#options.events.onChange();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('the agent ends'));
    await Promise.all([this.#swept, this.#underWay]);
  }

  /** There is a quorum: the next loss is another one. One that is under way is finished, for it harms nobody. */
  #begin(): void {
    this.#loss += 1;
    this.#fault = undefined;
    this.#pauseMs = 0;
    this.#notBeforeMs = 0;
  }

  /** Who the member is, for when it does not answer any more. */
  #know({ sections, member }: Observation): void {
    const status = sections.member?.value?.status;
    const cluster = sections.cluster?.value;
    const memberId = status?.memberId ?? cluster?.members.find(({ name }) => name === member)?.id;
    const clusterId = status?.clusterId ?? cluster?.clusterId;
    this.#known = {
      ...this.#known,
      ...(memberId === undefined ? {} : { memberId }),
      ...(clusterId === undefined ? {} : { clusterId }),
      ...(status === undefined ? {} : { etcdVersion: status.version }),
    };
  }

  /** What an agent before this one has left. Never rejects. */
  async #sweep(): Promise<void> {
    const { place, events } = this.#options;
    try {
      const swept = await sweepParts(place.dir, place.owner);
      if (swept > 0) events.log('what an agent that died had half kept is removed', { dir: place.dir, count: swept });
      const [newest] = await ownGasps(place.dir, place.owner);
      if (newest !== undefined) this.#newest ??= viewOf(newest);
      events.onChange();
    } catch (error) {
      events.onFault(`looking into ${place.dir}`, error);
    }
  }

  /** Never rejects. */
  async #keep(observation: Observation): Promise<void> {
    const { events } = this.#options;
    const loss = this.#loss;
    try {
      await this.#swept;
      // It and what reads databases are loaded when they are needed, which most agents never do.
      const { keepState } = await import('./keep-state.ts');
      const { gasp, isNew, removed } = await keepState(observation, this.#known, this.#options, this.#ended.signal);
      this.#newest = viewOf(gasp);
      this.#fault = undefined;
      this.#keptOf = loss;
      const { path, source, bytes, revision, keys } = this.#newest;
      events.log(isNew ? 'last gasp kept' : 'last gasp is there from before', { path, source, bytes, revision, keys });
      for (const older of removed) events.log('older last gasp removed', { path: older });
      events.onKept(this.#newest);
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#failed(error, loss);
    }
  }

  #failed(error: unknown, loss: number): void {
    const { events } = this.#options;
    const fault = faultOf(error);
    this.#failures.set(fault.code, (this.#failures.get(fault.code) ?? 0) + 1);
    events.onFault('keeping a last gasp', error);
    if (loss !== this.#loss) return;
    if (this.#pauseMs === 0) events.onFailed(error);
    this.#fault = fault;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
    this.#notBeforeMs = performance.now() + this.#pauseMs;
  }
}

function viewOf({ path, source, endedAtMs, bytes, revision, keys }: KeptGasp): KeptGaspView {
  return {
    ...{ path, source, takenAtMs: endedAtMs, bytes },
    ...(revision === undefined ? {} : { revision }),
    ...(keys === undefined ? {} : { keys }),
  };
}
