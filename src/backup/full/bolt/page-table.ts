/** What a leaf page's entries of etcd's key bucket come to; revisions are exact below 2^53. */
export interface RevisionCounts {
  readonly puts: number;
  /** Puts that brought a key into being. */
  readonly creations: number;
  readonly deletions: number;
  /** The last entry's; 0 where there is none. */
  readonly lastRevision: number;
  /** One of its keys begins with `/registry/`. */
  readonly kubernetes: boolean;
}

/** A bucket that is named in a leaf page. */
export interface BucketEntry {
  readonly name: string;
  /** 0 where the bucket is inline. */
  readonly rootPage: number;
  /** The page that stands in the entry, where it is inline. */
  readonly inline?: Leaf;
}

/** A lease as etcd stores it. */
export interface LeaseEntry {
  readonly id: bigint;
  /** For which it was granted. */
  readonly ttlSeconds: number;
}

/** What there is to know of one leaf page. */
export interface Leaf {
  readonly entries: number;
  readonly revisions: RevisionCounts;
  readonly buckets: readonly BucketEntry[];
  readonly leases: readonly LeaseEntry[];
  /** Entries of few bytes that are known by name, as `consistent_index`. */
  readonly named: ReadonlyMap<string, Buffer>;
}

const BRANCH = 1;
const LEAF = 2;
const LEAF_OF_KUBERNETES = 3;

/**
 * What was seen in each page of a file, also in pages that are free and hold what is no longer or not yet true: which ones
 * count is only known when the tree is walked at the end. About 16 bytes for each page, which is 8 MB for 2 GiB.
 */
export class PageTable {
  readonly pages: number;
  readonly #kind: Uint8Array;
  readonly #entries: Uint16Array;
  readonly #puts: Uint16Array;
  readonly #creations: Uint16Array;
  readonly #lastRevision: Float64Array;
  readonly #children = new Map<number, Uint32Array>();
  readonly #special = new Map<number, Pick<Leaf, 'buckets' | 'leases' | 'named'>>();

  constructor(pages: number) {
    this.pages = pages;
    this.#kind = new Uint8Array(pages);
    this.#entries = new Uint16Array(pages);
    this.#puts = new Uint16Array(pages);
    this.#creations = new Uint16Array(pages);
    this.#lastRevision = new Float64Array(pages);
  }

  setBranch(page: number, children: Uint32Array): void {
    this.#kind[page] = BRANCH;
    this.#children.set(page, children);
  }

  setLeaf(page: number, { entries, revisions, buckets, leases, named }: Leaf): void {
    this.#kind[page] = revisions.kubernetes ? LEAF_OF_KUBERNETES : LEAF;
    this.#entries[page] = entries;
    this.#puts[page] = revisions.puts;
    this.#creations[page] = revisions.creations;
    this.#lastRevision[page] = revisions.lastRevision;
    if (buckets.length + leases.length + named.size > 0) this.#special.set(page, { buckets, leases, named });
  }

  /** The pages below a branch page, in order; undefined where it is none. */
  children(page: number): Uint32Array | undefined {
    return this.#children.get(page);
  }

  /** Undefined where it is no leaf page. */
  leaf(page: number): Leaf | undefined {
    const kind = this.#kind[page] ?? 0;
    if (kind < LEAF) return undefined;
    const entries = this.#entries[page] ?? 0;
    const puts = this.#puts[page] ?? 0;
    const lastRevision = this.#lastRevision[page] ?? 0;
    const revisions: RevisionCounts = {
      puts,
      creations: this.#creations[page] ?? 0,
      // In a leaf of the key bucket there is nothing else.
      deletions: lastRevision === 0 ? 0 : entries - puts,
      lastRevision,
      kubernetes: kind === LEAF_OF_KUBERNETES,
    };
    const { buckets = [], leases = [], named = new Map() } = this.#special.get(page) ?? {};
    return { entries, revisions, buckets, leases, named };
  }
}
