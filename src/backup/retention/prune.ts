import { parseName } from '../names.ts';
import { type Store, type StoredObject, StoreError } from '../store/store.ts';
import { holdKey, readMarks } from './marks.ts';
import { type JudgedObject, planRetention, type RetentionPlan } from './plan.ts';
import type { RetentionPolicy } from './policy.ts';

/** What pruning did. */
export interface Pruned {
  readonly plan: RetentionPlan;
  /** Keys that are gone. */
  readonly removed: readonly string[];
  readonly removedBytes: number;
  /** Keys that the store did not let go of: it gives no right to, or they are locked. They stay until it does. */
  readonly denied: readonly string[];
}

/** Lists a timeline and says what retention makes of it, without taking anything away. Throws what the store does. */
export async function planPrune(
  store: Store,
  policy: RetentionPolicy,
  nowMs: number,
  signal?: AbortSignal,
): Promise<RetentionPlan> {
  // The marks first: what is marked meanwhile was there before, and a chain that came meanwhile is among the newest.
  const marks = await readMarks(store, signal);
  const objects: StoredObject[] = [];
  for await (const object of store.list('', {}, signal)) objects.push(object);
  const plan = planRetention(objects, marks, policy, nowMs);
  // Somebody may have held a chain while all that was listed, which may take minutes.
  const held = new Set(marks.held);
  for (const { key, keep, chain } of plan.objects) {
    if (keep || chain === undefined || parseName(key)?.kind !== 'full') continue;
    if ((await store.head(holdKey(chain), signal)) !== undefined) held.add(chain);
  }
  return held.size === marks.held.size ? plan : planRetention(objects, { ...marks, held }, policy, nowMs);
}

/**
 * Takes away what retention names, and nothing else. Where it is stopped or dies midway, what is left is judged the same way the
 * next time. Throws what the store does, but for `STORE_DENIED`.
 */
export async function prune(
  store: Store,
  policy: RetentionPolicy,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Pruned> {
  const plan = await planPrune(store, policy, nowMs, signal);
  const removed: string[] = [];
  const denied: string[] = [];
  let removedBytes = 0;
  // Of a chain whose manifest could not be taken away nothing is: it would still look like a chain.
  const locked = new Set<string>();
  for (const { key, bytes, chain } of inOrder(plan.objects)) {
    if (chain !== undefined && locked.has(chain)) continue;
    try {
      await store.remove(key, signal);
      removed.push(key);
      removedBytes += bytes;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STORE_DENIED') throw error;
      denied.push(key);
      if (chain !== undefined && parseName(key)?.kind === 'full') locked.add(chain);
    }
  }
  return { plan, removed, removedBytes, denied };
}

/** Manifests first: from then on there is no chain, whatever else is left of it. */
function inOrder(objects: readonly JudgedObject[]): readonly JudgedObject[] {
  const going = objects.filter(({ keep }) => !keep);
  const isManifest = ({ key }: JudgedObject): boolean => parseName(key)?.kind === 'full';
  return [...going.filter(isManifest), ...going.filter((object) => !isManifest(object))];
}
