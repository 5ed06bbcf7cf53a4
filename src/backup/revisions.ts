/** The highest of some revisions; undefined of none. */
export function highest(revisions: Iterable<bigint>): bigint | undefined {
  let found: bigint | undefined;
  for (const revision of revisions) {
    if (found === undefined || revision > found) found = revision;
  }
  return found;
}

/** The lowest of some revisions; undefined of none. */
export function lowest(revisions: Iterable<bigint>): bigint | undefined {
  let found: bigint | undefined;
  for (const revision of revisions) {
    if (found === undefined || revision < found) found = revision;
  }
  return found;
}

/** For sorting: ascending. */
export function byRevision(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
