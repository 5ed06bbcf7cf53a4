import type { Reason } from '../../cluster/caretaking.ts';
import type { Fault } from '../../cluster/observation.ts';
import type { AgreedPlan, PromiseView, UnattendedRecovery } from '../../cluster/recovery.ts';
import type { LastRecovery, RecoveryState, RecoveryView } from '../../cluster/recovery-view.ts';
import { formatSpan } from '../../cluster/units.ts';
import { because } from '../../decide/recover/reasons.ts';

/** What others are told of recoveries. */
export interface RecoveryEvents {
  readonly onBegun: (plan: AgreedPlan) => void;
  readonly onEnded: (plan: AgreedPlan, seconds: number, fault: Fault | undefined) => void;
  /** It would be time, or a person wants it, and something is in the way. @param repeated it stands as before */
  readonly onHeld: (reasons: readonly Reason[], repeated: boolean) => void;
  readonly onHeldNoMore: (reasons: readonly Reason[]) => void;
  /** Something else is to be seen. */
  readonly onChange: () => void;
}

export interface StandingOptions {
  readonly unattended: UnattendedRecovery;
  readonly events: RecoveryEvents;
  readonly promise: () => PromiseView | undefined;
  /** How long this agent has seen no quorum, and since when by the wall clock. */
  readonly sightings: { lostForMs(): number; readonly lostAtMs: number | undefined };
}

/** So long each etcd may take to start, or the raft leader to be elected, before anything is said of it. */
const SAID_AFTER_MS = 10_000;
/** Alertmanagers are told so often of what still stands. */
const REPEAT_MS = 5 * 60_000;

/** How an agent stands to a lost quorum: what is to be seen of it, and what others are told. */
export class RecoveryStanding {
  readonly #options: StandingOptions;
  readonly #ended = { succeeded: 0, failed: 0 };
  #inTheWay: readonly Reason[] = [];
  #doubts: readonly Reason[] = [];
  #last: LastRecovery | undefined;
  #told: { readonly reasons: readonly Reason[]; readonly atMs: number } | undefined;

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  view(): RecoveryView {
    const { unattended, sightings, promise } = this.#options;
    const { lostAtMs } = sightings;
    const last = this.#lastOf(promise());
    const { state, reasons } = this.#state();
    return {
      ...{ unattended, state, reasons, doubts: this.#doubts, ended: { ...this.#ended } },
      ...(lostAtMs === undefined || state === 'idle' ? {} : { lostAtMs }),
      ...(last === undefined ? {} : { last }),
    };
  }

  /** What would be in the way of a recovery, as all agents were heard. */
  doubt(doubts: readonly Reason[]): void {
    if (asText(doubts) === asText(this.#doubts)) return;
    this.#doubts = doubts;
    this.#options.events.onChange();
  }

  /**
   * What keeps a recovery without a person from being begun, now that it was looked at; none: nothing does, or the quorum is there.
   * @param tells it is this agent that tells others of it
   */
  held(reasons: readonly Reason[], tells: boolean): void {
    const { events } = this.#options;
    const isNew = asText(reasons) !== asText(this.#inTheWay);
    this.#inTheWay = reasons;
    if (isNew) events.onChange();
    const nowMs = performance.now();
    const told = this.#told;
    const isTold = told !== undefined && codesOf(told.reasons) === codesOf(reasons);
    if (told !== undefined && !isTold) {
      this.#told = undefined;
      events.onHeldNoMore(told.reasons);
    }
    if (!tells || reasons.length === 0 || (isTold && nowMs - told.atMs < REPEAT_MS)) return;
    this.#told = { reasons, atMs: nowMs };
    events.onHeld(reasons, isTold);
  }

  begun(plan: AgreedPlan): void {
    this.held([], false);
    this.#options.events.onBegun(plan);
  }

  /** @param seconds how long it took */
  ended(plan: AgreedPlan, seconds: number, fault: Fault | undefined): void {
    const outcome = fault === undefined ? 'succeeded' : 'failed';
    this.#ended[outcome] += 1;
    this.#last = { planId: plan.id, outcome, endedAtMs: Date.now(), ...(fault === undefined ? {} : { fault }) };
    this.#options.events.onEnded(plan, seconds, fault);
    this.#options.events.onChange();
  }

  #state(): { readonly state: RecoveryState; readonly reasons: readonly Reason[] } {
    const { unattended, sightings, promise } = this.#options;
    const open = promise();
    if (open !== undefined && open.endedAtMs === undefined) {
      return { state: 'under-way', reasons: [because('PROMISED', `plan ${open.planId} is carried out`)] };
    }
    const lostForMs = sightings.lostForMs();
    if (lostForMs < SAID_AFTER_MS) return { state: 'idle', reasons: [] };
    if (unattended.mode === 'manual') {
      const what = 'the quorum is lost: `etcd-caretaker recover` says what is to be done (heal.quorumLoss is manual)';
      return { state: 'manual', reasons: [because('QUORUM_LOSS_MANUAL', what)] };
    }
    const leftMs = unattended.afterMs - lostForMs;
    if (leftMs <= 0) return { state: 'holding', reasons: this.#inTheWay };
    const wait = because(
      'NOT_LOST_FOR_LONG',
      `the quorum is waited for ${formatSpan(Math.ceil(leftMs / 1000))} more (heal.quorumLossAfter)`,
    );
    return { state: 'waiting', reasons: [wait, ...this.#inTheWay] };
  }

  /** Of its own part an agent knows the end also when it was started again since. */
  #lastOf(promise: PromiseView | undefined): LastRecovery | undefined {
    const endedAtMs = promise?.endedAtMs;
    if (promise === undefined || endedAtMs === undefined || (this.#last?.endedAtMs ?? 0) >= endedAtMs)
      return this.#last;
    return { planId: promise.planId, outcome: 'succeeded', endedAtMs };
  }
}

function codesOf(reasons: readonly Reason[]): string {
  return [...new Set(reasons.map(({ code }) => code))].toSorted().join(' ');
}

function asText(reasons: readonly Reason[]): string {
  return JSON.stringify(reasons);
}
