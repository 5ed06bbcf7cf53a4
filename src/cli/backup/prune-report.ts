import type { RevisionRange } from '../../backup/chain.ts';
import type { RetentionPlan, RetentionReason } from '../../backup/retention/plan.ts';
import type { Tidied, TidyPlan } from '../../backup/retention/tidy.ts';

/** What becomes, or became, of an object. */
export type Outcome =
  | 'keep'
  /** It stays, and moves to the colder storage class. */
  | 'cool'
  | 'remove'
  | 'cooled'
  | 'removed'
  /** The store did not let go of it. */
  | 'denied'
  /** It was to go, and stays for what was denied before it. */
  | 'left';

/** What `backup prune` did, or would do. */
export interface PruneReport {
  readonly dryRun: boolean;
  readonly objects: readonly {
    readonly key: string;
    readonly bytes: number;
    readonly outcome: Outcome;
    readonly reason: RetentionReason;
    readonly chain?: string;
  }[];
  readonly keptBytes: number;
  readonly removedBytes: number;
  readonly cooledBytes: number;
  /** By how much that which must be kept is more than the total size. */
  readonly overBytes: number;
  /** Keys that the store did not let go of, and records that it did not take. */
  readonly denied: readonly string[];
  /** Objects that the store did not move to the colder class, and why. */
  readonly notCooled: readonly { readonly key: string; readonly message: string }[];
  /** Revisions that are not there any more between chains that stay. */
  readonly thinned: readonly RevisionRange[];
  /** Uploads that never ended. */
  readonly uploads: number;
  readonly uploadsProblem?: string;
}

/** Of a dry run. */
export function plannedReport({ retention, cooling, uploads, uploadsProblem }: TidyPlan): PruneReport {
  const cool = new Set(cooling.map(({ key }) => key));
  return {
    dryRun: true,
    ...objectsOf(retention, (key, keep) => (keep ? (cool.has(key) ? 'cool' : 'keep') : 'remove')),
    keptBytes: retention.keptBytes,
    removedBytes: retention.removedBytes,
    cooledBytes: cooling.reduce((sum, { bytes }) => sum + bytes, 0),
    denied: [],
    notCooled: [],
    uploads: uploads.length,
    ...(uploadsProblem === undefined ? {} : { uploadsProblem }),
  };
}

/** Of what was done. */
export function doneReport({ pruned, cooled, uploads, uploadsProblem }: Tidied): PruneReport {
  const { plan, denied, removedBytes } = pruned;
  const [removedKeys, deniedKeys, cooledKeys] = [pruned.removed, denied, cooled.cooled].map((keys) => new Set(keys));
  const outcomeOf = (key: string, keep: boolean): Outcome => {
    if (cooledKeys?.has(key) === true) return 'cooled';
    if (keep) return 'keep';
    if (removedKeys?.has(key) === true) return 'removed';
    return deniedKeys?.has(key) === true ? 'denied' : 'left';
  };
  return {
    dryRun: false,
    ...objectsOf(plan, outcomeOf),
    keptBytes: plan.keptBytes + plan.removedBytes - removedBytes,
    removedBytes,
    cooledBytes: cooled.cooledBytes,
    denied,
    notCooled: cooled.refused.map(({ key, message }) => ({ key, message })),
    uploads,
    ...(uploadsProblem === undefined ? {} : { uploadsProblem }),
  };
}

function objectsOf(
  { objects, overBytes, thinned }: RetentionPlan,
  outcomeOf: (key: string, keep: boolean) => Outcome,
): Pick<PruneReport, 'objects' | 'overBytes' | 'thinned'> {
  const judged = objects.map(({ keep, ...object }) => ({ ...object, outcome: outcomeOf(object.key, keep) }));
  return { objects: judged, overBytes, thinned };
}
