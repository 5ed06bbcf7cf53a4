import { setTimeout as sleep } from 'node:timers/promises';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { RealCluster } from '../../real/cluster.ts';
import { defragmentations } from '../defragmentations.ts';
import { type Choice, longestStallMs, overlap, type Span, type WaitFigures, waits, within } from '../load-figures.ts';
import { type MemberLoad, startOpenLoad } from '../open-load.ts';
import { type MaintainRun, warmUpMs } from './run.ts';

/** How long the load runs on, so that what waits at the end is counted. */
const afterMs = 3000;
const restMs = 10_000;

/** One defragmentation of a whole cluster under load, by whatever means. */
export interface DefragFigures {
  readonly totalMs: number;
  /** Of each member: how long etcd was at it. */
  readonly defragmentingMs: readonly number[];
  /** Bytes of each member's database, before and after. */
  readonly bytes: readonly (readonly [before: number, after: number])[];
  /** Name of the raft leader before it, and how far the raft term rose: hand-overs and elections. */
  readonly raftLeader: string;
  readonly terms: number;
  /** At rest, just before. */
  readonly before: WaitFigures;
  /** The longest time without a granted write, through any one of the members that were not being defragmented then. */
  readonly stallApartMs: number;
  /** The same through each member, whenever. */
  readonly stallMs: readonly number[];
  /**
   * Writes through members that were not being defragmented while the write was under way. A member is being defragmented
   * until the last write that was sent to it meanwhile has been answered: what waits in its queue waits for that.
   */
  readonly apart: WaitFigures;
  /** The same, but a member is being defragmented only while etcd says so: what its queue adds afterwards counts, too. */
  readonly apartWithQueue: WaitFigures;
  /** Writes through each member, whenever. */
  readonly through: readonly WaitFigures[];
  readonly reads: WaitFigures;
  readonly faults: ReadonlyMap<string, number>;
}

/** Runs `defragment` on a cluster under load, and tells what it did to whoever uses the cluster. */
export async function measuredDefrag(
  run: MaintainRun,
  cluster: RealCluster,
  defragment: () => Promise<void>,
): Promise<DefragFigures> {
  const before = await statuses(cluster);
  await using load = await startOpenLoad(cluster.members, run.rates);
  await sleep(warmUpMs + restMs);
  const fromMs = Date.now();
  await defragment();
  const toMs = Date.now();
  await sleep(afterMs);
  const loads = await load.stop();
  const after = await statuses(cluster);
  const spans = new Map(cluster.members.map((member) => [member.name, defragmentations(member, fromMs)]));
  const asked = within({ fromMs, toMs });
  const outside =
    (busy: ReadonlyMap<string, readonly Span[]>): Choice =>
    (member, request) =>
      asked(member, request) && !(busy.get(member) ?? []).some((span) => overlap(span, request));
  return {
    totalMs: toMs - fromMs,
    defragmentingMs: cluster.members.map(({ name }) => lengthMs(spans.get(name) ?? [])),
    bytes: before.map(({ dbSizeBytes }, i) => [dbSizeBytes, after[i]?.dbSizeBytes ?? Number.NaN]),
    raftLeader: cluster.members[before.findIndex(({ leaderId, header }) => leaderId === header.memberId)]?.name ?? '',
    terms: Number((after[0]?.raftTerm ?? 0n) - (before[0]?.raftTerm ?? 0n)),
    before: waits(loads, 'writes', within({ fromMs: fromMs - restMs, toMs: fromMs })),
    stallApartMs: longestStallMs(loads, 'writes', outside(spans)),
    stallMs: loads.map((each) => longestStallMs([each], 'writes', asked)),
    apart: waits(loads, 'writes', outside(new Map(loads.map((each) => [each.member, withQueue(each, spans)])))),
    apartWithQueue: waits(loads, 'writes', outside(spans)),
    through: loads.map((each) => waits([each], 'writes', asked)),
    reads: waits(loads, 'reads', asked),
    faults: sum(loads),
  };
}

async function statuses(cluster: RealCluster) {
  return await Promise.all(
    cluster.members.map(async ({ name, endpoint }) => {
      const client = new MemberClient({ member: name, endpoint });
      try {
        return await client.status();
      } finally {
        client.close();
      }
    }),
  );
}

/** When a member was being defragmented, with the time in which it answered what had waited for that. */
function withQueue({ member, writes }: MemberLoad, spans: ReadonlyMap<string, readonly Span[]>): readonly Span[] {
  return (spans.get(member) ?? []).map(({ fromMs, toMs }) => {
    const last = writes.intendedMs.findLastIndex((intendedMs) => intendedMs < toMs);
    return { fromMs, toMs: Math.max(toMs, writes.endedMs[last] ?? toMs) };
  });
}

function lengthMs(spans: readonly Span[]): number {
  return spans.reduce((total, { fromMs, toMs }) => total + toMs - fromMs, 0);
}

function sum(loads: readonly MemberLoad[]): ReadonlyMap<string, number> {
  const all = new Map<string, number>();
  for (const [fault, count] of loads.flatMap(({ faults }) => [...faults])) {
    all.set(fault, (all.get(fault) ?? 0) + count);
  }
  return all;
}
