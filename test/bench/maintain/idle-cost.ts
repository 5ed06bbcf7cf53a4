import { setTimeout as sleep } from 'node:timers/promises';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { fetchMetricsPage } from '../../../src/etcd/metrics-page.ts';
import type { MetricsPage } from '../../../src/etcd/types.ts';
import { type RealCluster, type RealMember, startCluster } from '../../real/cluster.ts';
import { Agents } from './agents.ts';
import type { MaintainRun } from './run.ts';
import { table, verdict } from './table.ts';

const calls = 'grpc_server_started_total';
const revision = 'etcd_debugging_mvcc_current_revision';
const mostPerSecond = 1;
const mostPerMinute = 1;
/**
 * After their start the agents elect a leader, arm, and do what is due once a day. What they do from then on counts, so it
 * begins when nothing was written for so long; at the latest after the second time.
 */
const calmMs = 45_000;
const longestSettleMs = 5 * 60_000;
const pollMs = 1000;
const shownMethods = 5;
const zero = Buffer.from([0]);

/** Part D: what three agents ask of an otherwise idle cluster, by each member's own count of calls. */
export async function idleCost(run: MaintainRun): Promise<string> {
  await using cluster = await startCluster({ members: 3, version: run.version });
  await using agents = await Agents.start(cluster.members, run.set);
  await agents.leader();
  await calm(cluster.members);
  const before = await Promise.all(cluster.members.map(page));
  await sleep(run.minutes.idle * 60_000);
  const after = await Promise.all(cluster.members.map(page));
  const seconds = ((after[0]?.readAtMonotonicMs ?? 0) - (before[0]?.readAtMonotonicMs ?? 0)) / 1000;
  const members = cluster.members.map(({ name }, i) => ({ name, methods: risen(before[i], after[i]) }));
  const [first, last] = [value(before[0], revision), value(after[0], revision)];
  return report(members, await writtenKeys(cluster, first + 1, last), seconds);
}

function report(
  members: readonly { readonly name: string; readonly methods: ReadonlyMap<string, number> }[],
  written: ReadonlyMap<string, number>,
  seconds: number,
): string {
  const rates = members.map(({ name, methods }) => {
    const total = [...methods.values()].reduce((sum, count) => sum + count, 0);
    const most = [...methods].sort(([, a], [, b]) => b - a).slice(0, shownMethods);
    return { name, perSecond: total / seconds, most };
  });
  const revisions = [...written.values()].reduce((sum, count) => sum + count, 0);
  const perMinute = (count: number): number => (count / seconds) * 60;
  const worst = Math.max(...rates.map(({ perSecond }) => perSecond));
  return [
    table(
      [`${seconds.toFixed(0)} s with three agents on an idle cluster`, 'calls per second', 'most of them'],
      rates.map(({ name, perSecond, most }) => [
        name,
        perSecond.toFixed(2),
        most.map(([method, count]) => `${method} ${(count / seconds).toFixed(2)}`).join(', '),
      ]),
    ),
    '',
    `written: ${[...written].map(([key, count]) => `${key} ${count}`).join(', ') || 'nothing'}`,
    '',
    table(
      ['target for the agents', 'asked for', 'measured', ''],
      [
        ['calls per second and member', `at most ${mostPerSecond}`, worst.toFixed(2), verdict(worst, mostPerSecond)],
        [
          'changes per minute, those of the canaries among them',
          `at most ${mostPerMinute}`,
          perMinute(revisions).toFixed(2),
          verdict(perMinute(revisions), mostPerMinute),
        ],
      ],
    ),
  ].join('\n');
}

async function calm([first]: readonly RealMember[]): Promise<void> {
  const endMs = performance.now() + longestSettleMs;
  let [seen, sinceMs] = [Number.NaN, performance.now()];
  while (first !== undefined && performance.now() < endMs && performance.now() - sinceMs < calmMs) {
    const now = value(await page(first), revision);
    if (now !== seen) {
      [seen, sinceMs] = [now, performance.now()];
    }
    await sleep(pollMs);
  }
}

async function page({ name, metricsUrl }: RealMember): Promise<MetricsPage> {
  return await fetchMetricsPage({ member: name, url: metricsUrl, families: [calls, revision] });
}

function value(of: MetricsPage | undefined, name: string): number {
  return of?.samples.get(name)?.[0]?.value ?? Number.NaN;
}

/** By how much each method's calls have risen. */
function risen(before: MetricsPage | undefined, after: MetricsPage | undefined): ReadonlyMap<string, number> {
  const counts = (of: MetricsPage | undefined): Map<string, number> =>
    new Map((of?.samples.get(calls) ?? []).map(({ labels, value: count }) => [labels['grpc_method'] ?? '', count]));
  const earlier = counts(before);
  return new Map([...counts(after)].map(([method, count]) => [method, count - (earlier.get(method) ?? 0)]));
}

/** How often each key was changed in these revisions: from the history, which etcd still has. */
async function writtenKeys(cluster: RealCluster, first: number, last: number): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  if (last < first) {
    return counts;
  }
  const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  try {
    for await (const batch of client.watch({ key: zero, rangeEnd: zero, startRevision: BigInt(first) })) {
      for (const { kv } of batch.events.filter((event) => event.kv.modRevision <= BigInt(last))) {
        counts.set(kv.key.toString(), (counts.get(kv.key.toString()) ?? 0) + 1);
      }
      if (batch.kind === 'events' && batch.header.revision >= BigInt(last) && !batch.fragment) {
        break;
      }
    }
    return counts;
  } finally {
    client.close();
  }
}
