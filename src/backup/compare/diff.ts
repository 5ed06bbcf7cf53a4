import { AgentError } from '../../cluster/agent-error.ts';
import { type Catalogue, readCatalogue } from '../chain/catalogue.ts';
import { type RevisionRange, restorePlans } from '../chain.ts';
import { BrokenObject } from '../restore/broken-object.ts';
import { type Avoided, lostOf } from '../restore/restored-scratch.ts';
import { type ResolvedTarget, type RestoreTarget, resolveTarget } from '../restore/target.ts';
import { type ChangeCounts, ChangeTotals, type PrefixChanges, type ResourceChanges } from './change-totals.ts';
import { changedKeys } from './changed-keys.ts';
import { type DiffPlan, planDiff } from './diff-plan.ts';
import { FirstKeys } from './first-keys.ts';
import type { KeyChange } from './key-change.ts';
import { StoreReader, type StoreReaderOptions } from './store-reader.ts';

export type DiffPoint = Exclude<RestoreTarget, { readonly kind: 'before-delete' }>;

export interface DiffOptions extends StoreReaderOptions {
  readonly from: DiffPoint;
  readonly to: DiffPoint;
  /** Only keys that begin with it. */
  readonly prefix: Buffer;
  /** Path elements of the prefixes by which changes are added up. */
  readonly depth: number;
  /** Changed keys that are given one by one, at most. */
  readonly keys: number;
  /** What is held of keys in memory; left out: 64 MiB. */
  readonly keptBytes?: number;
}

/** What lies between two points of a store. */
export interface Diff {
  readonly from: bigint;
  readonly to: bigint;
  /** `segments`: they hold every change in between. `states`: they do not, and all keys of both points were compared. */
  readonly read: DiffPlan['between']['kind'];
  readonly total: ChangeCounts;
  readonly prefixes: readonly PrefixChanges[];
  readonly resources: readonly ResourceChanges[];
  /** The first ones, by key. */
  readonly keys: readonly KeyChange[];
  /** Revisions that were asked for (by a time or as the newest) and that no whole chain reaches. */
  readonly lost?: RevisionRange;
  /** Broken objects that it did without. */
  readonly avoided: readonly Avoided[];
}

/** So often the store is listed anew because an object has gone: merged or pruned by an agent meanwhile. */
const LISTINGS = 5;

/**
 * Compares the keys of two points. It needs neither etcd nor its tools. Where segments hold every change in between, only they
 * and what is needed of the chain below the first point are read; a snapshot only where a key's old value is in no segment. An
 * object that is broken is done without, where another way leads there, and told. Throws `REVISION_NOT_AVAILABLE`,
 * `POINTS_REVERSED`, what resolving a point throws, `NO_ROOM`, and what the store throws.
 */
export async function diffPoints(options: DiffOptions, signal: AbortSignal): Promise<Diff> {
  const { store, decryption } = options;
  await using reader = new StoreReader(options, signal);
  const avoided: Avoided[] = [];
  for (let listings = 1; ; ) {
    const listed = await readCatalogue(store, signal);
    const wishOf = async (point: DiffPoint, catalogue: Catalogue): Promise<Wish> => ({
      ...(await resolveTarget(point, { store, catalogue, ...(decryption && { decryption }) }, signal)),
      isExact: point.kind === 'revision',
    });
    const first = await wishOf(options.from, listed);
    const wishes = { from: first, to: await wishOf(options.to, first.catalogue) };
    const { catalogue } = wishes.to;
    for (const { key, code, message } of [...first.broken, ...wishes.to.broken]) {
      if (!avoided.some((known) => known.key === key)) avoided.push({ key, code, message });
    }
    try {
      return await compared(options, { catalogue, wishes, reader, avoided });
    } catch (error) {
      if (!(error instanceof BrokenObject)) throw error;
      const isGone = error.code === 'STORE_NOT_FOUND' && listings < LISTINGS;
      if (isGone && !(await isListed(error.key, options, signal))) listings += 1;
      else if (avoided.some(({ key }) => key === error.key)) throw error;
      else avoided.push({ key: error.key, code: error.code, message: error.message });
    }
  }
}

/** A point as a revision; undefined: the newest one. */
interface Wish extends ResolvedTarget {
  /** One that is not there is refused; else the nearest before it is taken, and told. */
  readonly isExact: boolean;
}

interface Attempt {
  readonly catalogue: Catalogue;
  readonly wishes: { readonly from: Wish; readonly to: Wish };
  readonly reader: StoreReader;
  readonly avoided: readonly Avoided[];
}

async function compared(options: DiffOptions, attempt: Attempt): Promise<Diff> {
  const { catalogue, wishes, reader, avoided } = attempt;
  const broken = new Set(avoided.map(({ key }) => key));
  const { revision: from } = reachable(wishes.from, catalogue, broken);
  const { revision: to, lost } = reachable(wishes.to, catalogue, broken);
  if (from > to) throw reversed(from, to);
  const plan = await planDiff(from, to, { catalogue, broken, manifestOf: (entry) => reader.manifestOf(entry) });
  const { start, between } = plan;
  const segments = [...start.segments, ...(between.kind === 'segments' ? between.segments : between.end.segments)];
  reader.expect(segments.reduce((sum, { bytes }) => sum + bytes, 0));
  const totals = new ChangeTotals(options.depth);
  const first = new FirstKeys(options.keys);
  const { prefix, keptBytes } = options;
  const changes = changedKeys({ from, to, plan, reader, prefix, ...(keptBytes === undefined ? {} : { keptBytes }) });
  for await (const change of changes) {
    totals.add(change);
    first.add(change);
  }
  return {
    ...{
      from,
      to,
      read: between.kind,
      total: totals.total,
      prefixes: totals.prefixes(),
      resources: totals.resources(),
    },
    ...{ keys: first.sorted(), avoided },
    ...(lost === undefined ? {} : { lost }),
  };
}

function reachable(
  { revision, isExact, lost: notThere }: Wish,
  catalogue: Catalogue,
  broken: ReadonlySet<string>,
): { readonly revision: bigint; readonly lost?: RevisionRange } {
  if (isExact && revision !== undefined) return { revision };
  const [plan] = restorePlans(catalogue, revision, broken);
  if (plan === undefined) return { revision: revision ?? 0n };
  const { lastRevision } = plan;
  const lost = lostOf(plan.lost, notThere);
  const reached = revision === undefined || lastRevision < revision ? lastRevision : revision;
  return { revision: reached, ...(lost === undefined ? {} : { lost }) };
}

async function isListed(key: string, { store }: DiffOptions, signal: AbortSignal): Promise<boolean> {
  const { fulls, segments } = await readCatalogue(store, signal);
  return [...fulls, ...segments].some((entry) => entry.key === key);
}

function reversed(from: bigint, to: bigint): AgentError {
  return new AgentError('POINTS_REVERSED', `The first point, revision ${from}, is later than the second one, ${to}.`, {
    remedy: 'Give the earlier point first.',
  });
}
