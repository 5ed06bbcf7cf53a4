import type { ChangeCounts, PrefixChanges, ResourceChanges } from '../../backup/compare/change-totals.ts';
import type { Diff } from '../../backup/compare/diff.ts';
import type { ChangeKind, KeyChange } from '../../backup/compare/key-change.ts';
import { keyText } from '../../cluster/key-text.ts';

/** A changed key; its values are not in it, nor their hashes, by which a short secret could be guessed. */
export interface ReportedKey {
  readonly key: string;
  readonly kind: ChangeKind;
  readonly before?: ReportedState;
  readonly after?: ReportedState;
}

interface ReportedState {
  readonly modRevision: bigint;
  readonly valueBytes: number;
}

/** What `backup diff` prints as data. */
export interface DiffReport extends Pick<Diff, 'from' | 'to' | 'read' | 'total' | 'lost' | 'avoided'> {
  readonly prefixes: readonly PrefixChanges[];
  /** That are not given, for the limit. */
  readonly morePrefixes: number;
  readonly resources: readonly ResourceChanges[];
  readonly moreResources: number;
  /** Absent where they were not asked for. */
  readonly keys?: readonly ReportedKey[];
  readonly moreKeys?: number;
}

/** The first rows of everything, and how many more there are. */
export function diffReport(
  { prefixes, resources, keys, ...diff }: Diff,
  { limit, showKeys = false }: { readonly limit: number; readonly showKeys?: boolean },
): DiffReport {
  return {
    ...diff,
    prefixes: prefixes.slice(0, limit),
    morePrefixes: Math.max(0, prefixes.length - limit),
    resources: resources.slice(0, limit),
    moreResources: Math.max(0, resources.length - limit),
    ...(showKeys ? { keys: keys.map(reportedKey), moreKeys: Math.max(0, keysIn(diff.total) - keys.length) } : {}),
  };
}

/** How many keys changed. */
export function keysIn({ added, removed, changed, rewritten }: ChangeCounts): number {
  return added + removed + changed + rewritten;
}

function reportedKey({ key, kind, before, after }: KeyChange): ReportedKey {
  return {
    key: keyText(key),
    kind,
    ...(before === undefined ? {} : { before: reportedState(before) }),
    ...(after === undefined ? {} : { after: reportedState(after) }),
  };
}

function reportedState({ modRevision, valueBytes }: ReportedState): ReportedState {
  return { modRevision, valueBytes };
}
