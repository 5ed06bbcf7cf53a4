import { type Store, type StoredObject, StoreError } from '../store/store.ts';
import { sortOut } from './chains.ts';
import { newestTimeMs, UNVERIFIED_CHAINS } from './choose.ts';
import { type ChainMarks, readMarks } from './marks.ts';

/** When what lies in a bucket moves to another storage class. */
export interface ColdPolicy {
  /** Chains that are older than this, against the newest one. */
  readonly afterMs: number;
  /** As the server calls it. What is in it must be readable at once. */
  readonly storageClass: string;
}

/** An object that is to move. */
export interface CoolingObject {
  readonly key: string;
  readonly bytes: number;
  /** Id of the full snapshot whose chain it is of. */
  readonly chain: string;
}

/** What moving did. */
export interface Cooled {
  readonly plan: readonly CoolingObject[];
  /** Keys that are in the class now; what was there already is not among them. */
  readonly cooled: readonly string[];
  readonly cooledBytes: number;
  /** What the store did not do, and why. */
  readonly refused: readonly { readonly key: string; readonly code: string; readonly message: string }[];
}

/** Colder classes count each object as at least so large (128 KiB): a smaller one would cost more there. */
const LEAST_BYTES = 128 * 1024;
/** Nothing can be copied out of these before it was asked for hours ago. */
const FROZEN: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/**
 * What is to move: snapshots and segments of chains that are older than the policy says. What a restore needs first stays: the
 * newest chain, and the newest verified one with everything behind it. So do manifests, which every look at the store reads. Pure.
 */
export function planCooling(
  objects: readonly StoredObject[],
  { verified }: Pick<ChainMarks, 'verified'>,
  { afterMs, storageClass }: ColdPolicy,
  nowMs: number,
): readonly CoolingObject[] {
  const { chains } = sortOut(objects);
  const newestVerified = chains.findLastIndex(({ name }) => verified.has(name.id));
  const warmFrom =
    newestVerified === -1 ? chains.length - UNVERIFIED_CHAINS : Math.min(newestVerified, chains.length - 1);
  const beforeMs = newestTimeMs(chains, nowMs) - afterMs;
  const isCold = ({ timeMs }: { readonly timeMs: number }, index: number): boolean =>
    index < warmFrom && timeMs < beforeMs;
  const warm = new Set(
    chains.filter((chain, index) => !isCold(chain, index)).flatMap(({ segments }) => segments.map(({ key }) => key)),
  );
  const byKey = new Map(objects.map((object) => [object.key, object]));
  const plan = new Map<string, CoolingObject>();
  for (const { name, snapshot, segments } of chains.filter(isCold)) {
    for (const { key, bytes } of [snapshot, ...segments]) {
      const standing = byKey.get(key)?.storageClass;
      const isThere = standing === storageClass || (standing !== undefined && FROZEN.has(standing));
      if (isThere || bytes < LEAST_BYTES || warm.has(key)) continue;
      plan.set(key, { key, bytes, chain: name.id });
    }
  }
  return [...plan.values()];
}

/** Lists a timeline and says what would move. Nothing where the store knows no classes. Throws what the store does. */
export async function planCoolDown(
  store: Store,
  policy: ColdPolicy,
  nowMs: number,
  signal?: AbortSignal,
): Promise<readonly CoolingObject[]> {
  if (store.reclass === undefined) return [];
  const marks = await readMarks(store, signal);
  const objects: StoredObject[] = [];
  for await (const object of store.list('', {}, signal)) objects.push(object);
  return planCooling(objects, marks, policy, nowMs);
}

/**
 * Moves what is old to a colder storage class. What the store does not allow is said, and tried again the next time; where it does
 * not know the class nothing more is tried. Throws what else the store does.
 */
export async function coolDown(store: Store, policy: ColdPolicy, nowMs: number, signal?: AbortSignal): Promise<Cooled> {
  const plan = await planCoolDown(store, policy, nowMs, signal);
  const cooled: string[] = [];
  const refused: { key: string; code: string; message: string }[] = [];
  let cooledBytes = 0;
  for (const { key, bytes } of plan) {
    try {
      if ((await store.reclass?.(key, policy.storageClass, signal)) !== true) continue;
      cooled.push(key);
      cooledBytes += bytes;
    } catch (error) {
      if (!(error instanceof StoreError) || !REFUSALS.has(error.code)) throw error;
      // It was merged or pruned meanwhile.
      if (error.code === 'STORE_NOT_FOUND') continue;
      refused.push({ key, code: error.code, message: error.message });
      if (error.code === 'STORE_UNSUPPORTED') break;
    }
  }
  return { plan, cooled, cooledBytes, refused };
}

const REFUSALS: ReadonlySet<string> = new Set(['STORE_COLD', 'STORE_DENIED', 'STORE_NOT_FOUND', 'STORE_UNSUPPORTED']);
