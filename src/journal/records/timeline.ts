import { Fields, text } from './fields.ts';
import { encodeRecord, type Parsed, parseRecord } from './format.ts';

/** Which history of a cluster its backups are of. */
export interface TimelineRecord {
  /** A random id: the name of its place in the stores. */
  readonly timeline: string;
  /** Of the cluster in which it was begun: in one that was restored from it there stands another one's. */
  readonly clusterId: string;
  /** The history that it goes on from: of the cluster from whose backup this one was restored. */
  readonly follows?: FollowedTimeline;
}

/** A timeline of another cluster, whose keyspace was found in this one. */
export interface FollowedTimeline {
  readonly timeline: string;
  readonly clusterId: string;
}

/** As it is stored. Throws `JOURNAL_TOO_LARGE`. */
export function encodeTimeline({ timeline, clusterId, follows }: TimelineRecord): Buffer {
  return encodeRecord({ timeline, clusterId, ...(follows === undefined ? {} : { follows }) });
}

/** As it was stored, or why it cannot be read. */
export function parseTimeline(value: Buffer): Parsed<TimelineRecord> {
  return parseRecord(value, (fields) => ({
    timeline: fields.need('timeline', text),
    clusterId: fields.need('clusterId', text),
    ...fields.may('follows', (value, path) => {
      const followed = new Fields(value, path);
      return { timeline: followed.need('timeline', text), clusterId: followed.need('clusterId', text) };
    }),
  }));
}
