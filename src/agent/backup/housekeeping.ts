import { setTimeout as sleep } from 'node:timers/promises';
import { planTidy, type Tidied, type TidyPlan, type TidyPolicy, tidy } from '../../backup/retention/tidy.ts';
import { type Store, StoreError } from '../../backup/store/store.ts';

/** A new leader has more urgent things to do first. */
const FIRST_AFTER_MS = 5 * 60_000;
/** A round lists everything in a timeline once or twice: 24 rounds a day cost a bucket next to nothing. */
const EVERY_MS = 3_600_000;

export interface HousekeepingOptions {
  /** The place of the timeline. */
  readonly store: Store;
  readonly policy: TidyPolicy;
  /** With `off` nothing is even listed; with `plan` what would be done is told, and not done. */
  readonly mode: 'off' | 'plan' | 'auto';
  readonly firstAfterMs?: number;
  readonly everyMs?: number;
  /** Called after each round that did something, or would have, and with what a round failed with. Must not throw. */
  readonly tell: (outcome: Tidied | TidyPlan | StoreError) => void;
}

/**
 * Prunes one store again and again, until the signal is aborted. What the store fails with is told, and tried again at the
 * next round: nothing is lost by what stays for longer.
 */
export async function runHousekeeping(options: HousekeepingOptions, signal: AbortSignal): Promise<void> {
  const { store, policy, mode, tell, firstAfterMs = FIRST_AFTER_MS, everyMs = EVERY_MS } = options;
  for (let waitMs = firstAfterMs; !signal.aborted; waitMs = everyMs) {
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    if (mode === 'off') continue;
    try {
      if (mode === 'plan') {
        const plan = await planTidy(store, policy, Date.now(), signal);
        if (wouldDoSomething(plan)) tell(plan);
      } else {
        const tidied = await tidy(store, policy, Date.now(), signal);
        if (didSomething(tidied)) tell(tidied);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StoreError)) throw error;
      tell(error);
    }
  }
}

function didSomething({ pruned, cooled, uploads }: Tidied): boolean {
  return pruned.removed.length + pruned.denied.length + cooled.cooled.length + cooled.refused.length + uploads > 0;
}

function wouldDoSomething({ retention, cooling, uploads }: TidyPlan): boolean {
  return retention.objects.some(({ keep }) => !keep) || cooling.length + uploads.length > 0;
}
