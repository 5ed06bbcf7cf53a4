import { faultOf } from '../cluster/agent-error.ts';

/** What says of what is stored that it is not what was put there, or is gone: no other key opens it, and no waiting brings it back. */
const DAMAGE: ReadonlySet<string> = new Set([
  'MANIFEST_UNREADABLE',
  'OBJECT_DAMAGED',
  'SEGMENT_DAMAGED',
  'STORE_DAMAGED',
  'STORE_NOT_FOUND',
]);

/** What says of who reads that it cannot, and nothing of what is stored: it may be whole. */
const OUT_OF_REACH: ReadonlySet<string> = new Set(['MANIFEST_NEWER', 'STORE_COLD']);

/** Whether a chain may be marked as broken for it. */
export function isDamage(code: string): boolean {
  return DAMAGE.has(code);
}

/** Whether it leaves open what the object is: no mark is put for it, and none is taken away. */
export function isOutOfReach(code: string): boolean {
  return OUT_OF_REACH.has(code);
}

/**
 * Reads an object; once more where the store gives something else than it has: it was replaced meanwhile (moved to another class,
 * say), or one read of the disk failed. Throws what the second one does.
 */
export async function readTwice<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (faultOf(error).code !== 'STORE_DAMAGED') throw error;
    return await read();
  }
}
