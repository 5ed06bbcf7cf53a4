import type { KeyValue } from '../../../etcd/types.ts';
import type { DifferenceKind, KeyDifference } from './key-change.ts';

export interface DifferenceOptions {
  /** Keys that the past does not have are deleted. */
  readonly deleteExtra: boolean;
  /** Keys under a lease are changed too. */
  readonly withLeased: boolean;
  /** Hears of every key in which then and now are equal. */
  readonly onEqual?: () => void;
}

/**
 * What is to be done to get from `now` to `then`, both in the order of their keys: a merge of two streams that holds one key of
 * each. Values are compared, and nothing else: not leases, which are not what they were, nor versions.
 */
export async function* differences(
  then: AsyncGenerator<KeyValue, void, undefined>,
  now: AsyncGenerator<KeyValue, void, undefined>,
  options: DifferenceOptions,
): AsyncGenerator<KeyDifference, void, undefined> {
  try {
    let [was, is] = [await nextOf(then), await nextOf(now)];
    while (was !== undefined || is !== undefined) {
      const order = orderOf(was, is);
      const [first, second] = [order <= 0 ? was : undefined, order >= 0 ? is : undefined];
      if (first !== undefined && second !== undefined && first.value.equals(second.value)) options.onEqual?.();
      else yield difference(first, second, options);
      if (order <= 0) was = await nextOf(then);
      if (order >= 0) is = await nextOf(now);
    }
  } finally {
    await then.return();
    await now.return();
  }
}

async function nextOf(keys: AsyncGenerator<KeyValue, void, undefined>): Promise<KeyValue | undefined> {
  const next = await keys.next();
  return next.done === true ? undefined : next.value;
}

/** Negative: only the first is there, or comes before; 0: the same key. */
function orderOf(was: KeyValue | undefined, is: KeyValue | undefined): number {
  if (was === undefined) return 1;
  return is === undefined ? -1 : was.key.compare(is.key);
}

/** With copies: a view would keep its whole page in memory. */
function difference(was: KeyValue | undefined, is: KeyValue | undefined, options: DifferenceOptions): KeyDifference {
  const kind = kindOf(was, is, options);
  return {
    kind,
    key: Buffer.from((was ?? is)?.key ?? ''),
    wanted: was === undefined ? undefined : { value: Buffer.from(was.value), lease: was.lease },
    found:
      is === undefined ? undefined : { value: Buffer.from(is.value), modRevision: is.modRevision, lease: is.lease },
  };
}

function kindOf(
  was: KeyValue | undefined,
  is: KeyValue | undefined,
  { deleteExtra, withLeased }: DifferenceOptions,
): DifferenceKind {
  if (was === undefined && !deleteExtra) return 'keep';
  const isLeased = (was?.lease ?? 0n) !== 0n || (is?.lease ?? 0n) !== 0n;
  if (isLeased && !withLeased) return 'leased';
  if (was === undefined) return 'delete';
  return is === undefined ? 'put-back' : 'change-back';
}
