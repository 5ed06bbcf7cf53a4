import { parseName } from '../names.ts';
import type { Store, StoredObject } from '../store/store.ts';
import { sortOut } from './chains.ts';
import { holdKey, readMarks } from './marks.ts';
import { type JudgedObject, planRetention, type RetentionPlan } from './plan.ts';
import type { RetentionPolicy } from './policy.ts';
import { removeManifest } from './remove-manifest.ts';
import { thinnedAfter, thinnedKey, writeThinned } from './thinned.ts';
import { unlessDenied } from './unless-denied.ts';

/** What pruning did. */
export interface Pruned {
  readonly plan: RetentionPlan;
  /** Keys that are gone. */
  readonly removed: readonly string[];
  readonly removedBytes: number;
  /** Keys that the store did not let go of: it gives no right to, or they are locked, or are manifests that cannot be read. They stay until it does. Also records that it did not take. */
  readonly denied: readonly string[];
}

/** Lists a timeline and says what retention makes of it, without taking anything away. Throws what the store does. */
export async function planPrune(
  store: Store,
  policy: RetentionPolicy,
  nowMs: number,
  signal?: AbortSignal,
): Promise<RetentionPlan> {
  return (await planned(store, policy, nowMs, signal)).plan;
}

async function planned(store: Store, policy: RetentionPolicy, nowMs: number, signal: AbortSignal | undefined) {
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
  const isSame = held.size === marks.held.size;
  const planWith = (spared: ReadonlySet<string>): RetentionPlan =>
    planRetention(objects, { ...marks, held: new Set([...held, ...spared]) }, policy, nowMs);
  return { objects, plan: isSame ? plan : planWith(new Set()), planWith };
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
  const { objects, plan: first, planWith } = await planned(store, policy, nowMs, signal);
  const removed: string[] = [];
  const denied: string[] = [];
  let removedBytes = 0;
  const remove = async ({ key, bytes }: JudgedObject): Promise<void> => {
    const isGone = await unlessDenied(() => store.remove(key, signal));
    (isGone ? removed : denied).push(key);
    if (isGone) removedBytes += bytes;
  };
  const going = first.objects.filter(({ keep }) => !keep);
  // Manifests first: from then on there is no chain, whatever else is left of it.
  const manifests = new Set(going.filter(({ key }) => parseName(key)?.kind === 'full'));
  // Of a chain whose manifest could not be taken away nothing is: it would still look like a chain.
  const locked = new Set<string>();
  const heldNow = new Set<string>();
  for (const manifest of manifests) {
    const { key, bytes, chain } = manifest;
    if (chain === undefined) continue;
    const outcome = await removeManifest(store, key, chain, signal);
    if (outcome === 'removed') {
      removed.push(key);
      removedBytes += bytes;
      continue;
    }
    locked.add(chain);
    if (outcome === 'denied') denied.push(key);
    if (outcome === 'held') heldNow.add(chain);
  }
  const plan = heldNow.size === 0 ? first : planWith(heldNow);
  // Anew: a segment that reaches into the next chain, which goes, stays with its own.
  const staying = new Set(
    (locked.size === 0 ? first : planWith(locked)).objects.flatMap(({ key, keep }) => (keep ? key : [])),
  );
  const rest = going.filter((object) => !manifests.has(object) && !staying.has(object.key));
  const gone = new Set(
    [...manifests].flatMap(({ chain }) => (chain === undefined || locked.has(chain) ? [] : [chain])),
  );
  const leaving = new Set(rest.map(({ key }) => key));
  const thinned = thinnedAfter(
    sortOut(objects),
    (id) => gone.has(id),
    (key) => !leaving.has(key),
  );
  // Before what it tells of is gone: whoever looks meanwhile finds no gap without a record.
  const unrecorded = await writeThinned(store, thinned, objects, nowMs, signal);
  if (unrecorded.length > 0) return { plan, removed, removedBytes, denied: [...denied, ...unrecorded] };
  const standing = new Set(thinned.map(thinnedKey));
  for (const object of rest) if (!standing.has(object.key)) await remove(object);
  return { plan, removed, removedBytes, denied };
}
