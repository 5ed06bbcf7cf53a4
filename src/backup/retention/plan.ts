import type { RevisionRange } from '../chain.ts';
import type { StoredObject } from '../store/store.ts';
import { type RetainedObjects, sortOut } from './chains.ts';
import { type ChainReason, chooseChains } from './choose.ts';
import { type ChainMarks, parseMark } from './marks.ts';
import type { RetentionPolicy } from './policy.ts';
import { parseThinned, thinnedAfter, thinnedKey } from './thinned.ts';

/** Why an object stays or goes. */
export type RetentionReason =
  | ChainReason
  /** It leads on from the newest verified chain, whatever becomes of its own. */
  | 'follows the newest verified'
  | 'perhaps under way'
  | 'its snapshot is missing'
  | 'no backup'
  | 'without a manifest'
  | 'no full snapshot before it'
  | 'its chain stays'
  /** A record of revisions that were taken away between chains that stay. */
  | 'tells what was thinned out'
  | 'tells nothing any more'
  | 'its chain is gone';

/** What becomes of an object. */
interface Verdict {
  readonly keep: boolean;
  readonly reason: RetentionReason;
  /** Id of the full snapshot whose chain it is of, where it is of one. */
  readonly chain?: string;
}

/** One object and what becomes of it. */
export type JudgedObject = Verdict & { readonly key: string; readonly bytes: number };

/** What retention makes of a timeline. */
export interface RetentionPlan {
  /** Every object that was given, in its order. */
  readonly objects: readonly JudgedObject[];
  readonly keptBytes: number;
  readonly removedBytes: number;
  /** By how much that which must be kept is more than the policy's total size; 0 where it is not. */
  readonly overBytes: number;
  /** Revisions of which a record must say, once it is done, that retention took them away; those of earlier ones too. */
  readonly thinned: readonly RevisionRange[];
}

/** What is of no chain stays for so long: it may be about to become part of one. */
const UNDER_WAY_MS = 24 * 3_600_000;

const GOES: ReadonlySet<ChainReason> = new Set<ChainReason>(['no longer needed', 'total size']);
const LIMITED: ReadonlySet<ChainReason> = new Set<ChainReason>([
  'recent',
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'broken',
]);

/**
 * Says of every object in a timeline whether it stays, and why. Pure. Whatever the policy says, the newest chain stays, the
 * newest verified one with everything that follows it, and what is held. Ages are counted from the newest chain, not from now:
 * where backups have stopped nothing grows old.
 */
export function planRetention(
  objects: readonly StoredObject[],
  marks: ChainMarks,
  policy: RetentionPolicy,
  nowMs: number,
): RetentionPlan {
  const sorted = sortOut(objects);
  const chosen = chooseChains(sorted.chains, marks, policy, nowMs);
  const oldEnoughMs = Math.min(nowMs, newestModifiedMs(objects)) - UNDER_WAY_MS;
  const judge = (): RetentionPlan => judged(objects, sorted, chosen, marks, oldEnoughMs, policy.maxBytes);
  let plan = judge();
  // The oldest first, also where one is marked as damaged: what comes before the damage may be all that there is of that time.
  for (const { name } of sorted.chains) {
    if (plan.overBytes === 0) break;
    if (!LIMITED.has(chosen.get(name.id) ?? 'newest')) continue;
    chosen.set(name.id, 'total size');
    plan = judge();
  }
  return plan;
}

function judged(
  objects: readonly StoredObject[],
  sorted: RetainedObjects,
  chosen: ReadonlyMap<string, ChainReason>,
  marks: ChainMarks,
  oldEnoughMs: number,
  maxBytes: number | undefined,
): RetentionPlan {
  const verdicts = new Map<string, Verdict>();
  judgeLoose(sorted, oldEnoughMs, verdicts);
  judgeChains(sorted, chosen, marks, oldEnoughMs, verdicts);
  const thinned = thinnedAfter(
    sorted,
    (id) => GOES.has(chosen.get(id) ?? 'newest'),
    (key) => verdicts.get(key)?.keep !== false,
  );
  judgeRecords(sorted, thinned, verdicts);
  let [keptBytes, removedBytes] = [0, 0];
  const all = objects.map(({ key, bytes }): JudgedObject => {
    const verdict = verdicts.get(key) ?? { keep: true, reason: 'no backup' };
    if (verdict.keep) keptBytes += bytes;
    else removedBytes += bytes;
    return { key, bytes, ...verdict };
  });
  const overBytes = Math.max(0, keptBytes - (maxBytes ?? keptBytes));
  return { objects: all, keptBytes, removedBytes, overBytes, thinned };
}

/** Records that are to stand stay; another one says the rest, or nothing is left before it. */
function judgeRecords(
  { others }: RetainedObjects,
  thinned: readonly RevisionRange[],
  verdicts: Map<string, Verdict>,
): void {
  const standing = new Set(thinned.map(thinnedKey));
  for (const { key } of others) {
    if (parseThinned(key) === undefined) continue;
    const keep = standing.has(key);
    verdicts.set(key, { keep, reason: keep ? 'tells what was thinned out' : 'tells nothing any more' });
  }
}

function judgeChains(
  { chains, others }: RetainedObjects,
  chosen: ReadonlyMap<string, ChainReason>,
  { verified }: ChainMarks,
  oldEnoughMs: number,
  verdicts: Map<string, Verdict>,
): void {
  const newestVerified = chains.findLast(({ name }) => verified.has(name.id));
  const kept = new Set<string>();
  for (const { name, manifest, snapshot, segments } of chains) {
    const reason = chosen.get(name.id) ?? 'newest';
    const keep = !GOES.has(reason);
    if (keep) kept.add(name.id);
    const verdict: Verdict = { keep, reason, chain: name.id };
    verdicts.set(manifest.key, verdict);
    verdicts.set(snapshot.key, verdict);
    const needed = newestVerified !== undefined && name.revision >= newestVerified.name.revision;
    for (const { key } of segments) {
      // One that reaches over the next full snapshot goes only with both.
      if (keep) verdicts.set(key, verdict);
      else if (needed) verdicts.set(key, { keep: true, reason: 'follows the newest verified', chain: name.id });
      else if (verdicts.get(key)?.keep !== true) verdicts.set(key, verdict);
    }
  }
  judgeMarks(others, new Set(chains.map(({ name }) => name.id)), kept, oldEnoughMs, verdicts);
}

function judgeMarks(
  others: readonly StoredObject[],
  known: ReadonlySet<string>,
  kept: ReadonlySet<string>,
  oldEnoughMs: number,
  verdicts: Map<string, Verdict>,
): void {
  for (const { key, modifiedAtMs } of others) {
    const mark = parseMark(key);
    if (mark === undefined) continue;
    const chain = mark.id;
    // A hold says what was once held: only people take it away.
    if (mark.kind === 'hold') verdicts.set(key, { keep: true, reason: 'held', chain });
    else if (kept.has(chain)) verdicts.set(key, { keep: true, reason: 'its chain stays', chain });
    // Its chain may have come while the objects were listed.
    else if (!known.has(chain) && modifiedAtMs >= oldEnoughMs)
      verdicts.set(key, { keep: true, reason: 'perhaps under way', chain });
    else verdicts.set(key, { keep: false, reason: 'its chain is gone', chain });
  }
}

/** What is of no chain. */
function judgeLoose(
  { chains, unconfirmed, hollow, rootless }: RetainedObjects,
  oldEnoughMs: number,
  verdicts: Map<string, Verdict>,
): void {
  for (const { key, modifiedAtMs } of unconfirmed) {
    verdicts.set(
      key,
      modifiedAtMs < oldEnoughMs
        ? { keep: false, reason: 'without a manifest' }
        : { keep: true, reason: 'perhaps under way' },
    );
  }
  for (const { key } of hollow) verdicts.set(key, { keep: true, reason: 'its snapshot is missing' });
  for (const { key, modifiedAtMs } of rootless) {
    verdicts.set(
      key,
      chains.length > 0 && modifiedAtMs < oldEnoughMs
        ? { keep: false, reason: 'no full snapshot before it' }
        : { keep: true, reason: 'perhaps under way' },
    );
  }
}

/** By the store's own clock. */
function newestModifiedMs(objects: readonly StoredObject[]): number {
  return objects.reduce((newest, { modifiedAtMs }) => Math.max(newest, modifiedAtMs), Number.NEGATIVE_INFINITY);
}
