import type { KeyPermission } from './facts.ts';

/** Keys from `key` on, up to but without `end`; without `end`: all that follow. */
export interface KeySpan {
  readonly key: Buffer;
  readonly end?: Buffer;
}

/** What one operation of the caretaker has to be allowed, where etcd asks for users. */
export interface NeededGrant {
  readonly operation: string;
  /** What it is for, as the end of the sentence "… cannot". */
  readonly purpose: string;
  readonly needs:
    | { readonly kind: 'root' }
    | { readonly kind: 'keys'; readonly access: 'read' | 'readwrite'; readonly span: KeySpan };
  /** Needed only where the own member has this hazard (`src/cluster/version-hazards.ts`). */
  readonly onlyWithHazard?: string;
  /** Etcd of this series lets every user do it (tried on 3.4.23; 3.5.30 asks for root). */
  readonly freeInSeries?: '3.4';
}

const firstKey = Buffer.from([0]);

/** The first key after all keys that begin with the prefix. */
function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  // A prefix ends with a slash, so its last byte can always be counted up.
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}

/** What the caretaker's operations need, from observing to changing members. */
export function neededGrants(keyPrefix: string): readonly NeededGrant[] {
  const root = { kind: 'root' } as const;
  const own = { key: Buffer.from(keyPrefix), end: prefixEnd(keyPrefix) };
  return [
    { operation: 'observe', purpose: 'ask members for their status', needs: root, onlyWithHazard: 'status-needs-root' },
    {
      operation: 'keyspace',
      purpose: 'count keys by prefix',
      needs: { kind: 'keys', access: 'read', span: { key: firstKey } },
    },
    {
      operation: 'lead',
      purpose: `keep its own keys under ${keyPrefix}`,
      needs: { kind: 'keys', access: 'readwrite', span: own },
    },
    { operation: 'compaction', purpose: 'compact', needs: root, freeInSeries: '3.4' },
    { operation: 'defrag', purpose: 'defragment', needs: root },
    { operation: 'snapshot', purpose: 'take snapshots', needs: root },
    { operation: 'nospace', purpose: 'disarm alarms', needs: root, freeInSeries: '3.4' },
    { operation: 'hash-check', purpose: 'compare hashes', needs: root },
    { operation: 'move-leader', purpose: 'move the raft leader', needs: root, freeInSeries: '3.4' },
    { operation: 'replace', purpose: 'add, promote and remove members', needs: root },
  ];
}

/** Whether a need is covered by the roles and their permissions together, as etcd judges it. */
export function isGranted(
  { needs }: NeededGrant,
  roles: readonly string[],
  permissions: readonly KeyPermission[],
): boolean {
  if (roles.includes('root')) return true;
  if (needs.kind === 'root') return false;
  const accesses = needs.access === 'read' ? (['read'] as const) : (['read', 'write'] as const);
  return accesses.every((access) =>
    isCovered(
      needs.span,
      permissions.filter((each) => each.access === access || each.access === 'readwrite').map(spanOf),
    ),
  );
}

/** A stored permission as a span; a single key ends right after itself. */
function spanOf({ key, rangeEnd }: KeyPermission): KeySpan {
  if (rangeEnd.length === 0) return { key, end: Buffer.concat([key, firstKey]) };
  return rangeEnd.equals(firstKey) ? { key } : { key, end: rangeEnd };
}

/** Whether the spans together hold every key of the wanted one. */
function isCovered(wanted: KeySpan, spans: readonly KeySpan[]): boolean {
  let reached = wanted.key;
  for (const { key, end } of spans.toSorted((a, b) => Buffer.compare(a.key, b.key))) {
    if (Buffer.compare(key, reached) > 0) return false;
    if (end === undefined) return true;
    if (Buffer.compare(end, reached) > 0) reached = end;
    if (wanted.end !== undefined && Buffer.compare(reached, wanted.end) >= 0) return true;
  }
  return false;
}
