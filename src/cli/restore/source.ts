import type { Restored } from '../../backup/restore/restored-scratch.ts';
import type { OpenedPlace } from '../backup/store-flags.ts';

/** Of which cluster a restore is. */
export interface RestoreSource {
  /** As its backups are named in the store. */
  readonly cluster: string;
  /** Of the full snapshot that was restored, lower-case hex. */
  readonly clusterId: string;
  readonly timeline: string;
}

/** Whose backup was restored: with another cluster's nothing else in the result would tell. */
export function sourceOf(
  { place: { cluster, timeline } }: OpenedPlace,
  { full }: Pick<Restored, 'full'>,
): RestoreSource {
  return { cluster, clusterId: full.clusterId, timeline };
}

/** In one line. */
export function sourceText({ cluster, clusterId, timeline }: RestoreSource): string {
  return `cluster ${cluster}, cluster id ${clusterId}, timeline ${timeline}`;
}
