import { AgentError } from '../../cluster/agent-error.ts';
import type { TxnChange } from '../../etcd/txn.ts';
import type { RevisionBatch } from '../delta/revision-batch.ts';

/** That a key was written last by exactly this revision; 0: that there is no such key. */
export interface Guard {
  readonly key: Buffer;
  readonly modRevision: bigint;
}

/** The changes of one revision, as one transaction makes them again in the same order. */
export function changesOf(batch: RevisionBatch): readonly TxnChange[] {
  return batch.events.map((event) =>
    event.type === 'put'
      ? { put: event.key, value: event.value, ...(event.lease === 0n ? {} : { lease: event.lease }) }
      : { delete: event.key },
  );
}

/**
 * A condition that holds only once `batch` has been made, and nothing after it: so that the revision after it can be sent
 * at once, and is refused where it overtakes. Undefined where there is none; then the answer has to be waited for.
 *
 * A key that it put has exactly this mod revision. Where it only deleted, a deleted key is gone; but that says something
 * only if the key was there all the time before, so not if a revision that is still under way put it.
 * @param underWay the revisions before `batch` that are not answered yet; asked for only where they matter
 */
export function guardOf(batch: RevisionBatch, underWay: () => readonly RevisionBatch[]): Guard | undefined {
  const put = batch.events.find(({ type }) => type === 'put');
  if (put !== undefined) return { key: put.key, modRevision: batch.revision };
  const others = underWay();
  const deleted = batch.events.find(({ key }) => !others.some((before) => puts(before, key)));
  return deleted === undefined ? undefined : { key: deleted.key, modRevision: 0n };
}

function puts({ events }: RevisionBatch, key: Buffer): boolean {
  return events.some((event) => event.type === 'put' && event.key.equals(key));
}

/** About what the transaction takes on the wire. */
export function bytesOf({ events }: RevisionBatch): number {
  return events.reduce((sum, { key, value }) => sum + key.length + value.length + 16, 0);
}

/** Throws `REPLAY_IMPOSSIBLE` where etcd could not have made the revision like this, so that the record must be wrong. */
export function checkBatch({ revision, events }: RevisionBatch): void {
  if (events.length === 0) throw impossible(revision, 'it changes nothing');
  if (events.length === 1) return;
  const keys = new Set(events.map(({ key }) => key.toString('latin1')));
  if (keys.size !== events.length) throw impossible(revision, 'it changes a key twice');
}

function impossible(revision: bigint, what: string): AgentError {
  return new AgentError('REPLAY_IMPOSSIBLE', `Revision ${revision} cannot have been made by etcd: ${what}.`, {
    remedy: 'Run `backup verify`, and restore to the revision before it, or from another store.',
  });
}
