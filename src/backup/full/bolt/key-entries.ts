import { setImmediate } from 'node:timers/promises';
import { leafEntries } from '../../../datadir/bolt/page.ts';
import { readKeyValue } from '../../../etcd/wire/kv.ts';
import { WireReader } from '../../../etcd/wire/reader.ts';
import type { DatabaseFile } from './database-file.ts';

/** One revision of one key as a snapshot holds it: good until the next one is visited. */
export interface KeyEntry {
  readonly revision: bigint;
  readonly deleted: boolean;
  readonly key: Buffer;
  /** All of it; read when it is asked for, since most are passed over. Of a deletion only the key counts. */
  kv(): ReturnType<typeof readKeyValue>;
}

/** Length of an entry's name: revision (8 bytes, big-endian), `_`, place within the revision (8 bytes). */
const REVISION_BYTES = 17;
const KEY_TAG = 0x0a;
const LEAVES_AT_ONCE = 256;

/**
 * Visits every entry of a snapshot's keys, ascending by revision, up to one. Yields to others now and then. Throws
 * a plain `Error` where the file is not as etcd writes it, and what `signal` was aborted with.
 * @param upTo revisions beyond it are not visited
 */
export async function visitKeyEntries(
  file: DatabaseFile,
  upTo: bigint,
  visit: (entry: KeyEntry) => void,
  signal: AbortSignal,
): Promise<void> {
  let leaves = 0;
  for (const leaf of file.keyLeaves()) {
    leaves += 1;
    if (leaves % LEAVES_AT_ONCE === 0) await setImmediate();
    signal.throwIfAborted();
    for (const { key: name, value } of leafEntries(leaf)) {
      const revision = name.readBigUInt64BE(0);
      if (revision > upTo) return;
      // A deletion has a `t` behind it.
      visit({ revision, deleted: name.length > REVISION_BYTES, key: keyIn(value), kv: () => kvIn(value) });
    }
  }
}

/** The key stands first in mvccpb.KeyValue. */
function keyIn(value: Buffer): Buffer {
  const reader = new WireReader(value);
  if (reader.tag(value.length) !== KEY_TAG) throw new Error('an entry has no key');
  return reader.bytes();
}

function kvIn(value: Buffer): ReturnType<typeof readKeyValue> {
  return readKeyValue(new WireReader(value), value.length);
}
