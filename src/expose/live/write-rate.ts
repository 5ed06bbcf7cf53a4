import type { Observation } from '../../cluster/observation.ts';
import { roundStartMonotonicMs } from './read-at.ts';

interface Mark {
  readonly clusterId: string;
  readonly revision: bigint;
  readonly atMonotonicMs: number;
}

/** Writes per second, by how the revision of the cluster grows. */
export class WriteRate {
  #mark: Mark | undefined;

  /** Since it was last asked and knew the revision; null where it cannot be told. A transaction counts as one write. */
  since(observation: Observation): number | null {
    const now = markOf(observation);
    if (now === undefined) return null;
    const before = this.#mark;
    this.#mark = now;
    const seconds = before === undefined ? 0 : (now.atMonotonicMs - before.atMonotonicMs) / 1000;
    // A cluster that was taken back to an earlier point, or is another one, has no growth.
    if (before?.clusterId !== now.clusterId || now.revision < before.revision || seconds <= 0) return null;
    return Number(now.revision - before.revision) / seconds;
  }
}

/** The newest revision of all members: one that catches up writes nothing by that. */
function markOf(observation: Observation): Mark | undefined {
  const { cluster, member } = observation.sections;
  const statuses = [member?.value?.status, ...(cluster?.value?.members ?? []).map(({ status }) => status)];
  const newest = statuses
    .filter((status) => status !== undefined)
    .reduce<{ readonly clusterId: string; readonly revision: bigint } | undefined>(
      (best, status) => (best === undefined || status.revision > best.revision ? status : best),
      undefined,
    );
  if (newest === undefined) return undefined;
  const { clusterId, revision } = newest;
  return { clusterId, revision, atMonotonicMs: roundStartMonotonicMs(observation) };
}
