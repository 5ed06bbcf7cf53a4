import type { Decision } from '../../cluster/caretaking.ts';
import { type NotifyEvent, pageGone, pageRaised } from './event.ts';

/** Alertmanagers are told so often of what still stands: an alert that is not repeated ends after `alerts.ts` says. */
const repeatMs = 5 * 60_000;

/** Turns the decisions of each round into what others are told: a page that appears, that stands, and that goes. */
export class PageWatch {
  readonly #nameOf: (memberId: string) => string;
  readonly #monotonicMs: () => number;
  #standing = new Map<string, { readonly event: NotifyEvent; readonly toldAtMs: number }>();

  /** @param monotonicMs monotonic clock */
  constructor(nameOf: (memberId: string) => string, monotonicMs: () => number = () => performance.now()) {
    this.#nameOf = nameOf;
    this.#monotonicMs = monotonicMs;
  }

  /** Takes the decisions of a round. @param atMs wall clock */
  take(decisions: readonly Decision[], atMs: number): readonly NotifyEvent[] {
    const nowMs = this.#monotonicMs();
    const before = this.#standing;
    this.#standing = new Map();
    const events: NotifyEvent[] = [];
    for (const decision of decisions.filter(({ page }) => page === true)) {
      const key = `${decision.policy} ${decision.reasons[0].code}`;
      if (this.#standing.has(key)) continue;
      const known = before.get(key);
      const isDue = known === undefined || nowMs - known.toldAtMs >= repeatMs;
      const event = isDue ? pageRaised(decision, atMs, this.#nameOf, known !== undefined) : known.event;
      this.#standing.set(key, { event, toldAtMs: isDue ? nowMs : known.toldAtMs });
      if (isDue) events.push(event);
    }
    const gone = [...before].filter(([key]) => !this.#standing.has(key));
    return [...gone.map(([, { event }]) => pageGone(event, atMs)), ...events];
  }

  /** This agent leads no more: what stands is its successor's to tell. */
  forget(): void {
    this.#standing.clear();
  }
}
