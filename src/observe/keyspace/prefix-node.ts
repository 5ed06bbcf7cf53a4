/**
 * One prefix and what lies directly under it: keys whose longest tracked prefix this is. Totals of a whole subtree are
 * summed up when they are asked for.
 */
export class PrefixNode {
  readonly parent: PrefixNode | undefined;
  /** 0 for the root, which holds the keys without a `/`. */
  readonly level: number;
  /** The bytes that it adds to its parent's prefix, one character each (latin1). */
  readonly element: string;
  /** Stands for the prefix in the table of keys; from 0 to 65535. */
  readonly index: number;
  readonly children = new Map<string, PrefixNode>();
  keys = 0;
  bytes = 0;
  /** Puts and deletes. */
  writes = 0;
  /** Writes of longer prefixes that are no longer kept apart: part of this subtree, but not of what lies directly here. */
  goneWrites = 0;
  writesPerSecond = 0;
  #markedWrites = 0;

  constructor(parent: PrefixNode | undefined, element: string, index: number) {
    this.parent = parent;
    this.level = parent === undefined ? 0 : parent.level + 1;
    this.element = element;
    this.index = index;
  }

  /** Sets the write rate from the writes since the last mark. */
  mark(elapsedSeconds: number): void {
    this.writesPerSecond = (this.writes - this.#markedWrites) / elapsedSeconds;
    this.#markedWrites = this.writes;
  }

  /** Nothing lies under it, and nothing was written there lately. */
  get idle(): boolean {
    return (
      this.keys === 0 && this.children.size === 0 && this.writes === this.#markedWrites && this.writesPerSecond === 0
    );
  }

  /** Takes over the writes of a child that goes, without counting them as its own. */
  inherit(child: PrefixNode): void {
    this.goneWrites += child.writes + child.goneWrites;
  }

  /** The whole prefix in bytes. */
  get prefix(): Buffer {
    const own = Buffer.from(this.element, 'latin1');
    return this.parent === undefined ? own : Buffer.concat([this.parent.prefix, own]);
  }
}
