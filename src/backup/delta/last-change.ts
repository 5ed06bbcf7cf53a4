import { createHash } from 'node:crypto';
import { within } from '../../abort/linked-abort.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import { EtcdError } from '../../etcd/errors.ts';
import { type CaptureClient, ZERO_KEY } from './capture-client.ts';
import type { RevisionBatch } from './revision-batch.ts';
import { RevisionGap, WholeRevisions } from './whole-revisions.ts';

/** How long a member may take to tell of one revision. */
const CHECK_MS = 10_000;
/** 32 bits: enough to tell histories apart, and too few to tell what is in them. */
const DIGEST_CHARACTERS = 8;

/** What the last revision of a history was: another history that has gone past it had something else there. */
export interface LastChange {
  readonly revision: bigint;
  /** As `changeDigest` gives it. */
  readonly digest: string;
}

/** What is the same only for the same changes of the same keys: the beginning of a SHA-256, lower-case hex. */
export function changeDigest({ events }: Pick<RevisionBatch, 'events'>): string {
  const hash = createHash('sha256');
  for (const { type, key, value, createRevision, version, lease } of events) {
    hash.update(`${type} ${createRevision} ${version} ${lease} ${key.length} ${value.length}\n`);
    hash.update(key).update(value);
  }
  return hash.digest('hex').slice(0, DIGEST_CHARACTERS);
}

/** What a revision is, for who asks later whether a history has it. */
export function lastChangeIn(batch: RevisionBatch): LastChange {
  return { revision: batch.revision, digest: changeDigest(batch) };
}

/**
 * Whether the live history has this change in it. Throws `TIMELINE_FORKED` where it has another one in its place, or does not reach
 * it: it was restored to an earlier point. Says nothing where etcd has compacted it: then what comes after it has a gap before it.
 * Throws what etcd fails with.
 */
export async function checkContinues(
  client: CaptureClient,
  { revision, digest }: LastChange,
  signal: AbortSignal,
): Promise<void> {
  await within([signal], CHECK_MS, async (checking) => {
    // Through the quorum: a member that is behind is no other history.
    const { header } = await client.range({ key: ZERO_KEY, limit: 1, keysOnly: true }, checking);
    if (header.revision < revision) {
      throw forked(`The live revision is ${header.revision}, and revision ${revision} has been stored already.`);
    }
    // At the revision that etcd is compacted to, older versions of it leave deletions out. Where nothing else is there, and nothing has
    // been written since, a watch would tell nothing at all.
    const before = revision - 1n;
    if (await isCompacted(client, before, checking)) return;
    const live = await changeAt(client, revision, checking);
    if (live === undefined || changeDigest(live) === digest) return;
    // It may have been compacted meanwhile.
    if (await isCompacted(client, before, checking)) return;
    throw forked(`Revision ${revision} of the cluster is another one than that which has been stored.`);
  });
}

/** The live history is not the continuation of what is durable. */
export function forked(what: string): AgentError {
  return new AgentError('TIMELINE_FORKED', `${what} The store of this history takes nothing of another one.`, {
    remedy: 'Nothing, where the cluster was restored: a new timeline begins. Else see why the cluster went back.',
  });
}

/** Undefined where etcd does not have it any more, or its watch leaves it out. */
async function changeAt(
  client: CaptureClient,
  revision: bigint,
  signal: AbortSignal,
): Promise<RevisionBatch | undefined> {
  const whole = new WholeRevisions(revision - 1n);
  const request = { key: ZERO_KEY, rangeEnd: ZERO_KEY, startRevision: revision };
  try {
    for await (const batch of client.watch(request, signal)) {
      for (const first of whole.take(batch)) return first;
    }
  } catch (error) {
    if (!(error instanceof RevisionGap || isCompaction(error))) throw error;
  }
  return undefined;
}

async function isCompacted(client: CaptureClient, revision: bigint, signal: AbortSignal): Promise<boolean> {
  try {
    await client.range({ key: ZERO_KEY, limit: 1, keysOnly: true, revision }, signal);
    return false;
  } catch (error) {
    if (isCompaction(error)) return true;
    throw error;
  }
}

function isCompaction(error: unknown): boolean {
  return error instanceof EtcdError && error.code === 'ETCD_COMPACTED';
}
