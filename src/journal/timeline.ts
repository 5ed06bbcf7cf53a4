import { randomBytes } from 'node:crypto';
import { AgentError } from '../cluster/agent-error.ts';
import type { MemberClient } from '../etcd/member-client.ts';
import { guardedTxn } from './guarded-txn.ts';
import type { JournalKeys } from './keys.ts';
import { encodeTimeline, type FollowedTimeline, parseTimeline, type TimelineRecord } from './records/timeline.ts';
import type { Term } from './term.ts';

const ID_BYTES = 8;

/** The timeline of a cluster, and whether it was begun just now. */
export interface OwnTimeline {
  readonly timeline: string;
  readonly begun: boolean;
  /** That of the cluster from whose backup this one was restored; undefined where it was not, or an older version began it. */
  readonly follows?: FollowedTimeline;
}

/**
 * The timeline that stands in etcd; where there is none, where it is another cluster's (the keyspace was restored from that
 * one's backup), or where it is the one that is over, a new one is begun under the term. Throws `TIMELINE_UNREADABLE`,
 * `TERM_LOST`, `JOURNAL_UNCERTAIN`, or what etcd refuses with.
 * @param over a timeline that is not to be gone on with, since the history has forked
 */
export async function ownTimeline(
  { client, keys, term }: { readonly client: MemberClient; readonly keys: JournalKeys; readonly term: Term },
  clusterId: string,
  over: string | undefined,
  signal: AbortSignal,
): Promise<OwnTimeline> {
  for (;;) {
    const [standing] = (await client.range({ key: keys.timeline }, signal)).kvs;
    const record = standing === undefined ? undefined : readable(standing.value, keys);
    if (record !== undefined && record.clusterId === clusterId && record.timeline !== over) {
      return { timeline: record.timeline, begun: false, ...followed(record.follows) };
    }
    const timeline = randomBytes(ID_BYTES).toString('hex');
    const before = record?.clusterId === clusterId ? record.follows : record;
    const follows = before && { timeline: before.timeline, clusterId: before.clusterId };
    const value = encodeTimeline({ timeline, clusterId, ...followed(follows) });
    const { succeeded } = await guardedTxn(
      client,
      term,
      {
        compare: [{ key: keys.timeline, modRevision: standing?.modRevision ?? 0n }],
        changes: [{ put: keys.timeline, value }],
        witness: { key: keys.timeline, value },
      },
      signal,
    );
    if (succeeded) return { timeline, begun: true, ...followed(follows) };
  }
}

function followed(follows: FollowedTimeline | undefined): Pick<OwnTimeline, 'follows'> {
  return follows === undefined ? {} : { follows };
}

/**
 * The timeline of the cluster with this id, for whoever only reads backups; undefined where none was begun. Throws
 * `TIMELINE_UNREADABLE`, and `EtcdError`.
 */
export async function standingTimeline(
  client: MemberClient,
  keys: JournalKeys,
  clusterId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [standing] = (await client.range({ key: keys.timeline }, signal)).kvs;
  const record = standing === undefined ? undefined : readable(standing.value, keys);
  return record?.clusterId === clusterId ? record.timeline : undefined;
}

/** Whoever cannot read it must not begin another one in its place: a newer version may have written it. */
function readable(value: Buffer, keys: JournalKeys): TimelineRecord {
  const parsed = parseTimeline(value);
  if (parsed.kind === 'record') return parsed.record;
  throw new AgentError('TIMELINE_UNREADABLE', `${keys.timeline} cannot be read: ${parsed.message}`, {
    remedy: 'Find out who wrote it; delete it with etcdctl, and a new timeline of backups begins.',
  });
}
