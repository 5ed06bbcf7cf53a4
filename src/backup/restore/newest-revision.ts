import { open } from 'node:fs/promises';
import { AgentError } from '../../cluster/agent-error.ts';
import { leafEntries } from '../../datadir/bolt/page.ts';
import { DatabaseFile } from '../full/bolt/database-file.ts';

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
    let last = 0n;
    for (const { key } of leafEntries(new DatabaseFile(file.fd).lastKeyLeaf())) last = key.readBigUInt64BE(0);
    return last;
  } finally {
    await file.close();
  }
}
