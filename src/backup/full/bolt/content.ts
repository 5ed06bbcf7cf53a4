import { AgentError } from '../../../cluster/agent-error.ts';
import { PageScanner } from './page-scanner.ts';
import type { BucketEntry, Leaf, PageTable } from './page-table.ts';

/** What a snapshot holds, read from its content. */
export interface SnapshotContent {
  /** At which etcd stands after it was restored from it. */
  readonly revision: bigint;
  /** Below which nothing of the history is left. */
  readonly compactRevision: bigint;
  /** A compaction had begun and not ended: etcd goes on with it after a restore. */
  readonly compacting: boolean;
  /** Of the key bucket: all revisions of all keys. */
  readonly entries: number;
  /** Of all buckets, as `etcdutl snapshot status` counts them. */
  readonly totalEntries: number;
  /**
   * Keys that are there at `revision`, both inclusive. They differ by few, since an entry's part is not known in the one page
   * in which the compact revision lies; and by all while a compaction is under way.
   */
  readonly keys: { readonly atLeast: number; readonly atMost: number };
  /** A key begins with `/registry/`. */
  readonly kubernetes: boolean;
  /** Seconds for which each lease was granted, by its id. */
  readonly leases: ReadonlyMap<bigint, number>;
  /** Raft index of the last change in it; absent in a store that nothing was written to. */
  readonly consistentIndex?: bigint;
  /** Etcd >= 3.5. */
  readonly term?: bigint;
  /** Of users and roles; absent where there were never any. */
  readonly authRevision?: bigint;
}

/** Looks into a snapshot as its bytes pass by, once and in order. */
export class ContentReader {
  readonly #scanner = new PageScanner();

  /** Whether a key below `/registry/` has passed by so far. */
  get kubernetes(): boolean {
    return this.#scanner.kubernetes;
  }

  /** The next bytes of the snapshot, without the checksum behind it. */
  write(chunk: Buffer): void {
    this.#scanner.write(chunk);
  }

  /** All bytes have been given. Throws `SNAPSHOT_UNREADABLE` where it is no database of etcd, or a part of it is missing. */
  end(): SnapshotContent {
    this.#scanner.end();
    const { meta, table } = this.#scanner;
    if (meta === undefined || table === undefined) throw unreadable('it has no meta page that is whole');
    const buckets = new Map<string, BucketEntry>();
    for (const leaf of leavesOf(table, { name: 'the root', rootPage: meta.rootPage })) {
      for (const bucket of leaf.buckets) buckets.set(bucket.name, bucket);
    }
    return contentOf(table, buckets);
  }
}

/** A bucket's leaves in the order of their keys. There may be millions, so none outlives the loop that asks for them. */
function* leavesOf(table: PageTable, { name, rootPage, inline }: BucketEntry): Generator<Leaf, void, undefined> {
  if (inline !== undefined) {
    yield inline;
    return;
  }
  const stack = [rootPage];
  let visited = 0;
  for (let page = stack.pop(); page !== undefined; page = stack.pop()) {
    visited += 1;
    if (visited > table.pages) throw unreadable(`the pages of ${name} run in a circle`);
    const children = table.children(page);
    if (children !== undefined) {
      for (let i = children.length - 1; i >= 0; i -= 1) stack.push(children[i] ?? 0);
      continue;
    }
    const leaf = table.leaf(page);
    if (leaf === undefined) throw unreadable(`page ${page} of ${name} is missing or damaged`);
    yield leaf;
  }
}

function contentOf(table: PageTable, buckets: ReadonlyMap<string, BucketEntry>): SnapshotContent {
  const keyBucket = buckets.get('key');
  if (keyBucket === undefined) throw unreadable('it has no bucket of keys: it is a database, but none of etcd');
  const numbers = new Map<string, bigint>();
  const leases = new Map<bigint, number>();
  let otherEntries = 0;
  for (const [name, bucket] of buckets) {
    if (bucket === keyBucket) continue;
    for (const leaf of leavesOf(table, bucket)) {
      otherEntries += leaf.entries;
      for (const lease of name === 'lease' ? leaf.leases : []) leases.set(lease.id, lease.ttlSeconds);
      for (const [key, value] of leaf.named) {
        if (value.length >= 8) numbers.set(`${name}/${key}`, value.readBigUInt64BE(0));
      }
    }
  }
  const finished = numbers.get('meta/finishedCompactRev') ?? 0n;
  const scheduled = numbers.get('meta/scheduledCompactRev') ?? 0n;
  const compactRevision = finished > scheduled ? finished : scheduled;
  const compacting = scheduled > finished;
  const { lastRevision, entries, keys, kubernetes } = countKeys(
    leavesOf(table, keyBucket),
    Number(finished),
    compacting,
  );
  const consistentIndex = numbers.get('meta/consistent_index');
  const term = numbers.get('meta/term');
  const authRevision = numbers.get('auth/authRevision');
  return {
    // As etcd does it: what stood at the compact revision may all be gone, and an empty store stands at 1.
    revision: [1n, compactRevision, BigInt(lastRevision)].reduce((a, b) => (a > b ? a : b)),
    compactRevision,
    compacting,
    entries,
    totalEntries: entries + otherEntries,
    keys,
    kubernetes,
    leases,
    ...(consistentIndex === undefined ? {} : { consistentIndex }),
    ...(term === undefined ? {} : { term }),
    ...(authRevision === undefined ? {} : { authRevision }),
  };
}

/**
 * Up to the compact revision there is one put for each key that was there then; behind it each put says whether it brought a
 * key into being, and each deletion ended one.
 */
function countKeys(
  leaves: Iterable<Leaf>,
  compactRevision: number,
  compacting: boolean,
): Pick<SnapshotContent, 'entries' | 'keys' | 'kubernetes'> & { readonly lastRevision: number } {
  let [atLeast, atMost, allPuts, entries, last] = [0, 0, 0, 0, 0];
  let kubernetes = false;
  let before = compactRevision > 0;
  for (const leaf of leaves) {
    const { puts, creations, deletions, lastRevision } = leaf.revisions;
    const straddles = before && lastRevision > compactRevision;
    before &&= lastRevision <= compactRevision;
    atLeast += before ? puts : straddles ? -deletions : creations - deletions;
    atMost += before || straddles ? puts : creations - deletions;
    allPuts += puts;
    entries += leaf.entries;
    last = lastRevision;
    kubernetes ||= leaf.revisions.kubernetes;
  }
  const keys = compacting ? { atLeast: 0, atMost: allPuts } : { atLeast: Math.max(0, atLeast), atMost };
  return { lastRevision: last, entries, keys, kubernetes };
}

function unreadable(what: string): AgentError {
  return new AgentError('SNAPSHOT_UNREADABLE', `The snapshot cannot be read: ${what}.`, {
    remedy:
      'Take another one. If that fails too, check the member with `etcdutl check` or replace it: its file may be damaged.',
  });
}
