import { type PrefixRules, prefixEnds } from '../../cluster/prefix.ts';
import { PrefixNode } from './prefix-node.ts';

/** How many prefixes are kept apart; what goes beyond is counted at the next shorter prefix. */
export interface TreeLimits {
  readonly nodesPerLevel: number;
  readonly childrenPerNode: number;
}

/** Some 5 MB when all of it is used at the default depth. */
const defaultLimits: TreeLimits = { nodesPerLevel: 4096, childrenPerNode: 2048 };

/**
 * Longest path element that is kept apart: the longest that Kubernetes allows is half as long. Keys may have a megabyte or
 * more, and prefixes are held in memory by the thousand.
 */
const MAX_ELEMENT_BYTES = 512;

/** Indexes have 16 bits. */
const MAX_NODES = 65_535;

/** Numbers of a prefix and everything under it. */
interface Sums {
  readonly keys: number;
  readonly bytes: number;
  readonly writes: number;
  readonly writesPerSecond: number;
}

/** Totals of a prefix and everything under it. */
export interface SubtreeTotals extends Sums {
  /** The same object each time for the same prefix. */
  readonly identity: object;
  /** The whole prefix in bytes; put together when it is asked for, as most are not shown. */
  readonly prefix: Buffer;
}

/**
 * Prefixes as a tree, each with its own keys, bytes and writes. Bounded: each level has its own share of prefixes, so that
 * deep ones never crowd out short ones, and prefixes that became empty and quiet give way when there is no room.
 */
export class PrefixTree {
  readonly #rules: PrefixRules;
  readonly #limits: TreeLimits;
  readonly #root = new PrefixNode(undefined, '', 0);
  readonly #nodes: (PrefixNode | undefined)[] = [this.#root];
  readonly #freeIndexes: number[] = [];
  readonly #nodesAtLevel: number[] = [];
  /** Full since the last mark: room is looked for once per mark, as it takes a walk over all prefixes. */
  #full = false;

  constructor(rules: PrefixRules, limits: TreeLimits = defaultLimits) {
    this.#rules = rules;
    this.#limits = limits;
  }

  /** The longest tracked prefix of the key; it is made if there is room. It ends before an element that is too long. */
  nodeOf(key: Buffer): PrefixNode {
    let node = this.#root;
    let start = 0;
    for (const end of prefixEnds(key, this.#rules)) {
      if (end - start > MAX_ELEMENT_BYTES) {
        return node;
      }
      const element = key.toString('latin1', start, end);
      const child = node.children.get(element) ?? this.#grow(node, element);
      if (child === undefined) {
        return node;
      }
      node = child;
      start = end;
    }
    return node;
  }

  /** The prefix that an index stands for. Indexes of prefixes with keys stay valid. */
  at(index: number): PrefixNode {
    return this.#nodes[index] ?? this.#root;
  }

  /** Sets all write rates, and makes room if some was missing. */
  mark(elapsedSeconds: number): void {
    if (this.#full) {
      this.#prune();
    }
    for (const node of this.#nodes) {
      node?.mark(elapsedSeconds);
    }
    this.#full = false;
  }

  /** Forgets keys and bytes, but neither prefixes nor writes: counters never go back. */
  clearSizes(): void {
    for (const node of this.#nodes) {
      if (node !== undefined) {
        node.keys = 0;
        node.bytes = 0;
      }
    }
  }

  /** Totals by the prefixes of this depth, and of what lies directly under shorter ones. Prefixes with nothing are left out. */
  totals(depth: number): readonly SubtreeTotals[] {
    const rows: SubtreeTotals[] = [];
    const visit = (node: PrefixNode): void => {
      const row = node.level < depth ? node : subtree(node);
      if (row.keys > 0 || row.writes > 0) {
        rows.push(new Row(node, row));
      }
      if (node.level < depth) {
        node.children.forEach(visit);
      }
    };
    visit(this.#root);
    return rows;
  }

  #grow(parent: PrefixNode, element: string): PrefixNode | undefined {
    const level = parent.level + 1;
    const used = this.#nodesAtLevel[level] ?? 0;
    const index = this.#freeIndexes.pop() ?? this.#nodes.length;
    const { nodesPerLevel, childrenPerNode } = this.#limits;
    if (used >= nodesPerLevel || parent.children.size >= childrenPerNode || index > MAX_NODES) {
      if (index < this.#nodes.length) {
        this.#freeIndexes.push(index);
      }
      this.#full = true;
      return undefined;
    }
    const node = new PrefixNode(parent, element, index);
    parent.children.set(element, node);
    this.#nodes[index] = node;
    this.#nodesAtLevel[level] = used + 1;
    return node;
  }

  #prune(): void {
    const visit = (node: PrefixNode): void => {
      node.children.forEach(visit);
      const { parent } = node;
      if (parent !== undefined && node.idle) {
        parent.inherit(node);
        parent.children.delete(node.element);
        this.#nodes[node.index] = undefined;
        this.#freeIndexes.push(node.index);
        this.#nodesAtLevel[node.level] = (this.#nodesAtLevel[node.level] ?? 1) - 1;
      }
    };
    visit(this.#root);
  }
}

class Row implements SubtreeTotals {
  readonly identity: PrefixNode;
  readonly keys: number;
  readonly bytes: number;
  readonly writes: number;
  readonly writesPerSecond: number;

  constructor(node: PrefixNode, sums: Sums) {
    this.identity = node;
    this.keys = sums.keys;
    this.bytes = sums.bytes;
    this.writes = sums.writes;
    this.writesPerSecond = sums.writesPerSecond;
  }

  get prefix(): Buffer {
    return this.identity.prefix;
  }
}

function subtree(node: PrefixNode): Sums {
  let { keys, bytes, writes, writesPerSecond } = node;
  writes += node.goneWrites;
  for (const child of node.children.values()) {
    const below = subtree(child);
    keys += below.keys;
    bytes += below.bytes;
    writes += below.writes;
    writesPerSecond += below.writesPerSecond;
  }
  return { keys, bytes, writes, writesPerSecond };
}
