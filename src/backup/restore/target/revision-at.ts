import { AgentError } from '../../../cluster/agent-error.ts';
import type { FullEntry, SegmentEntry } from '../../chain/catalogue.ts';
import type { RevisionRange } from '../../chain.ts';
import { readFullManifest } from '../fetch-chain.ts';
import { lastWhere, type Times } from './last-where.ts';
import { type Onwards, onwards, type Seen, segmentManifest } from './onwards.ts';
import type { Search } from './search.ts';

/** What had been seen by a time. */
export interface RevisionAt {
  /** The newest one to which there is a way. */
  readonly revision: bigint;
  /** Revisions behind it that had been seen by then, or may have been, and that nothing holds that is whole. */
  readonly lost?: RevisionRange;
  /** When the revision was seen, and when the next one, in a sentence. */
  readonly note: string;
}

/**
 * The newest revision that had been seen by then: of the last segment or snapshot that had ended, or in what comes after it. Throws
 * `TARGET_TOO_OLD`, and what reading the store throws.
 */
export async function revisionAt(atMs: number, search: Search, signal: AbortSignal): Promise<RevisionAt> {
  const { store, catalogue } = search;
  const fulls = await lastWhere<FullEntry>(catalogue.fulls, atMs, search, async (entry) => {
    return (await readFullManifest(store, entry, signal)).manifest.endedAtMs;
  });
  const segments = await lastWhere<SegmentEntry>(search.segments(), atMs, search, async ({ key }) => {
    return (await segmentManifest(store, key, signal)).endedAtMs;
  });
  const ended = newest([...seenIn(fulls, ({ name }) => name.revision), ...seenIn(segments, ({ name }) => name.to)]);
  if (ended === undefined) throw tooOld(atMs);
  const found = await onwards(ended, atMs, search, signal);
  return {
    revision: found.reached.revision,
    ...(found.lost !== undefined && { lost: found.lost }),
    note: noteOf(found, fulls.ascend && segments.ascend),
  };
}

function seenIn<T>({ found, endedAtMs }: Times<T>, revisionOf: (entry: T) => bigint): readonly Seen[] {
  return found === undefined ? [] : [{ revision: revisionOf(found), atMs: endedAtMs }];
}

function newest(seen: readonly Seen[]): Seen | undefined {
  return seen.toSorted((a, b) => (a.revision > b.revision ? -1 : 1))[0];
}

function noteOf({ reached: { revision, atMs }, next, lost }: Onwards, ascend: boolean): string {
  const then =
    next === undefined ? 'no later one is known' : `the next one, ${next.revision}, at ${timeText(next.atMs)}`;
  return [
    `Revision ${revision} was seen by ${timeText(atMs)}; ${then}.`,
    ...(lost === undefined
      ? []
      : [`What came up to ${lost.to} may have been seen by then too, and nothing whole holds it.`]),
    ...(ascend ? [] : ['A clock was set near it: look whether this is the revision that is meant.']),
  ].join(' ');
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function tooOld(atMs: number): AgentError {
  return new AgentError('TARGET_TOO_OLD', `There is no backup from before ${timeText(atMs)}.`, {
    remedy: 'Look with `backup list` how far back the store goes.',
  });
}
