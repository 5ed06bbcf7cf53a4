import { type FileHandle, open } from 'node:fs/promises';
import { AgentError } from '../../cluster/agent-error.ts';
import {
  BRANCH_PAGE,
  BUCKET_BYTES,
  BUCKET_ENTRY,
  ELEMENT_BYTES,
  HEAD_BYTES,
  LEAF_PAGE,
  newestMeta,
  PAGE_HEADER_BYTES,
} from '../full/bolt/page.ts';

/** More levels than any tree of pages has. */
const MOST_LEVELS = 64;
/** No node of etcd is larger; a page that claims more is damage. */
const LARGEST_PAGE_BYTES = 1024 * 1024 * 1024;

/**
 * Throws `SCRATCH_REVISION` where a scratch etcd that has ended does not stand at this revision: a lease that ran out while it
 * ended would have made another one.
 */
export async function requireNewest(databaseFile: string, revision: bigint): Promise<void> {
  const newest = await newestRevisionIn(databaseFile);
  if (newest === revision) return;
  throw new AgentError('SCRATCH_REVISION', `The scratch etcd ended at revision ${newest} and not at ${revision}.`, {
    remedy: 'Restore again: a lease may have run out at the last moment.',
  });
}

/**
 * The revision of the last entry in a member's database, read from a handful of its pages: what was written last is there, or it
 * is not. The member must have ended. Throws a plain `Error` where the file is no database of etcd.
 */
export async function newestRevisionIn(databaseFile: string): Promise<bigint> {
  const file = await open(databaseFile, 'r');
  try {
    const meta = newestMeta(await bytesAt(file, 0, HEAD_BYTES));
    if (meta === undefined) throw new Error('it has no meta page that is whole');
    const { pageBytes } = meta;
    const root = await bucketRoot(file, pageBytes, meta.rootPage);
    if (Buffer.isBuffer(root)) return lastRevision(root);
    return lastRevision(await lastLeaf(file, pageBytes, root));
  } finally {
    await file.close();
  }
}

/** Where the bucket of keys begins; the page itself where it is so small that it stands in its entry. */
async function bucketRoot(file: FileHandle, pageBytes: number, rootPage: number): Promise<number | Buffer> {
  const page = await pageAt(file, pageBytes, rootPage);
  if (page.readUInt16LE(8) !== LEAF_PAGE) throw new Error('its bucket of buckets is not where it belongs');
  for (const { flags, key, value } of entriesOf(page)) {
    if (flags !== BUCKET_ENTRY || key.toString() !== 'key') continue;
    const begin = Number(value.readBigUInt64LE(0));
    return begin === 0 ? value.subarray(BUCKET_BYTES) : begin;
  }
  throw new Error('it has no bucket of keys');
}

async function lastLeaf(file: FileHandle, pageBytes: number, root: number): Promise<Buffer> {
  let page = await pageAt(file, pageBytes, root);
  for (let level = 0; level < MOST_LEVELS; level += 1) {
    if (page.readUInt16LE(8) !== BRANCH_PAGE) return page;
    const last = PAGE_HEADER_BYTES + (page.readUInt16LE(10) - 1) * ELEMENT_BYTES;
    page = await pageAt(file, pageBytes, Number(page.readBigUInt64LE(last + 8)));
  }
  throw new Error('its pages run in a circle');
}

function lastRevision(leaf: Buffer): bigint {
  let last: Buffer | undefined;
  for (const { key } of entriesOf(leaf)) last = key;
  return last === undefined ? 0n : last.readBigUInt64BE(0);
}

function* entriesOf(page: Buffer): Generator<{ readonly flags: number; readonly key: Buffer; readonly value: Buffer }> {
  const count = page.readUInt16LE(10);
  for (let index = 0; index < count; index += 1) {
    const at = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
    const keyAt = at + page.readUInt32LE(at + 4);
    const valueAt = keyAt + page.readUInt32LE(at + 8);
    const valueEnd = valueAt + page.readUInt32LE(at + 12);
    yield { flags: page.readUInt32LE(at), key: page.subarray(keyAt, valueAt), value: page.subarray(valueAt, valueEnd) };
  }
}

/** A page with those that it goes on in. */
async function pageAt(file: FileHandle, pageBytes: number, page: number): Promise<Buffer> {
  const first = await bytesAt(file, page * pageBytes, pageBytes);
  const bytes = (1 + first.readUInt32LE(12)) * pageBytes;
  if (bytes > LARGEST_PAGE_BYTES) throw new Error(`page ${page} claims ${bytes} bytes`);
  return bytes === pageBytes ? first : await bytesAt(file, page * pageBytes, bytes);
}

async function bytesAt(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}
