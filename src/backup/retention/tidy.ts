import { type AbandonedUpload, type Store, StoreError } from '../store/store.ts';
import { type ColdPolicy, type Cooled, type CoolingObject, coolDown, planCoolDown } from './cool.ts';
import type { RetentionPlan } from './plan.ts';
import type { RetentionPolicy } from './policy.ts';
import { type Pruned, planPrune, prune } from './prune.ts';

/** How a timeline is kept tidy. */
export interface TidyPolicy {
  readonly retention: RetentionPolicy;
  /** Absent: everything stays in the class that it was put to. */
  readonly cold?: ColdPolicy;
  /** Uploads that were begun longer ago are nobody's any more. Longer than anybody tries to reach the store. Absent: a day. */
  readonly abandonedAfterMs?: number;
}

/** What would be done. */
export interface TidyPlan {
  readonly retention: RetentionPlan;
  readonly cooling: readonly CoolingObject[];
  readonly uploads: readonly AbandonedUpload[];
  /** Why uploads could not be listed, where the store does not allow it. */
  readonly uploadsProblem?: string;
}

/** What was done. */
export interface Tidied {
  readonly pruned: Pruned;
  readonly cooled: Cooled;
  /** How many uploads that never ended were taken away. */
  readonly uploads: number;
  readonly uploadsProblem?: string;
}

const DAY_MS = 24 * 3_600_000;
const NOTHING_COOLED: Cooled = { plan: [], cooled: [], cooledBytes: 0, refused: [] };

/** Says what `tidy` would do now, without doing it. Throws what the store does. */
export async function planTidy(
  store: Store,
  { retention, cold, abandonedAfterMs = DAY_MS }: TidyPolicy,
  nowMs: number,
  signal?: AbortSignal,
): Promise<TidyPlan> {
  const plan = await planPrune(store, retention, nowMs, signal);
  const going = new Set(plan.objects.filter(({ keep }) => !keep).map(({ key }) => key));
  const cooling = cold === undefined ? [] : await planCoolDown(store, cold, nowMs, signal);
  const uploads = await unlessRefused(() => store.listAbandoned(abandonedAfterMs, signal));
  return {
    retention: plan,
    cooling: cooling.filter(({ key }) => !going.has(key)),
    uploads: uploads.done ?? [],
    ...(uploads.problem === undefined ? {} : { uploadsProblem: uploads.problem }),
  };
}

/**
 * Prunes a timeline, moves what is old to a colder storage class, and takes away uploads that never ended. What the store does not
 * allow is in the report, and tried again the next time. One that dies midway is gone on with by the next one.
 * Throws what else the store does.
 * @param store the place of one timeline
 * @param nowMs wall clock, ms since 1970
 */
export async function tidy(store: Store, policy: TidyPolicy, nowMs: number, signal?: AbortSignal): Promise<Tidied> {
  const { retention, cold, abandonedAfterMs = DAY_MS } = policy;
  const pruned = await prune(store, retention, nowMs, signal);
  const cooled = cold === undefined ? NOTHING_COOLED : await coolDown(store, cold, nowMs, signal);
  const uploads = await unlessRefused(() => store.removeAbandoned(abandonedAfterMs, signal));
  return {
    pruned,
    cooled,
    uploads: uploads.done ?? 0,
    ...(uploads.problem === undefined ? {} : { uploadsProblem: uploads.problem }),
  };
}

/** What was done, or why the store refused it. */
async function unlessRefused<T>(
  work: () => Promise<T>,
): Promise<
  { readonly done: T; readonly problem?: undefined } | { readonly done?: undefined; readonly problem: string }
> {
  try {
    return { done: await work() };
  } catch (error) {
    const isRefusal =
      error instanceof StoreError && (error.code === 'STORE_DENIED' || error.code === 'STORE_UNSUPPORTED');
    if (!isRefusal) throw error;
    return { problem: error.message };
  }
}
