import type { TendedCluster } from './tended-cluster.ts';

/** What agents said may be missing at most, when they began to recover a lost quorum. */
export interface StatedLoss {
  /** Wall clock. */
  readonly atMs: number;
  /** Absent, as the seconds are, where nobody could say. */
  readonly revisions?: number;
  readonly seconds?: number;
}

/** All that is in the logs of the agents, the oldest first. */
export function statedLosses({ members }: Pick<TendedCluster, 'members'>): readonly StatedLoss[] {
  const lines = members.flatMap(({ agentLog }) => agentLog().split('\n'));
  return lines
    .filter((line) => line.includes('"event":"recovery begun"'))
    .map((line): StatedLoss => {
      const said = JSON.parse(line) as {
        readonly time: string;
        readonly atMostRevisions?: string;
        readonly atMostSeconds?: number;
      };
      const { time, atMostRevisions, atMostSeconds } = said;
      if (atMostRevisions === undefined || atMostSeconds === undefined) return { atMs: Date.parse(time) };
      return { atMs: Date.parse(time), revisions: Number(atMostRevisions), seconds: atMostSeconds };
    })
    .toSorted((a, b) => a.atMs - b.atMs);
}
