import { Damage } from '../damage.ts';
import { bucketsOf } from './buckets.ts';
import type { Database } from './database.ts';
import { BRANCH_PAGE, branchChildren } from './page.ts';

const WINDOW_BYTES = 1024 * 1024;

/**
 * Visits every page that the database refers to, level by level in the order of the file, so that a disk reads on and not back and
 * forth: each has to be there, to say that it is that page, and to be referred to once. Etcd does much the same at each start, since it
 * keeps no list of free pages. What is in a page is not looked at. Throws `Damage`, and what `signal` was aborted with.
 */
export async function walkPages(database: Database, signal: AbortSignal): Promise<void> {
  const seen = new Uint8Array(database.meta.pages);
  const window = Buffer.allocUnsafeSlow(Math.max(WINDOW_BYTES, database.meta.pageBytes));
  let level: readonly number[] = [
    database.meta.rootPage,
    ...[...(await bucketsOf(database)).values()].flatMap((bucket) => ('page' in bucket ? bucket.page : [])),
  ];
  while (level.length > 0) level = await visit(database, level, { seen, window }, signal);
}

interface Walk {
  /** 1 for each page that something refers to. */
  readonly seen: Uint8Array;
  readonly window: Buffer;
}

/** Looks at these pages; gives those below them. */
async function visit(
  database: Database,
  pages: readonly number[],
  { seen, window }: Walk,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const { pageBytes } = database.meta;
  const held = Math.floor(window.length / pageBytes);
  const below: number[] = [];
  let [from, filled] = [-held, 0];
  for (const number of pages.toSorted((a, b) => a - b)) {
    if (number >= from + held) {
      signal.throwIfAborted();
      filled = await database.readFrom(number, window);
      from = number;
    }
    const at = (number - from) * pageBytes;
    const head = at + pageBytes <= filled ? window.subarray(at, at + pageBytes) : Buffer.alloc(pageBytes);
    const taken = database.checkHead(number, head);
    for (let page = number; page < number + taken; page += 1) {
      if (seen[page] !== 0) throw new Damage('database', `the database refers to page ${page} twice`);
      seen[page] = 1;
    }
    if (head.readUInt16LE(8) !== BRANCH_PAGE) continue;
    for (const child of branchChildren(taken === 1 ? head : await database.node(number))) below.push(child);
  }
  return below;
}
