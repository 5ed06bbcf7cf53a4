import type { WaitFigures } from '../load-figures.ts';
import type { DefragFigures } from './measured-defrag.ts';
import { electionTimeoutMs } from './run.ts';
import { figure, ms, table, verdict } from './table.ts';

const mostElectionTimeouts = 2;
const mostOfEtcdctl = 0.5;
const mib = 2 ** 20;

/** Etcdctl and the agents side by side; where only one of them was measured, its column alone has figures. */
export function defragReport(etcdctl: DefragFigures | undefined, agents: DefragFigures | undefined): string {
  const some = agents ?? etcdctl;
  const row = (name: string, figure: (of: DefragFigures) => string): string[] => [
    name,
    ...[etcdctl, agents].map((of) => (of === undefined ? '-' : figure(of))),
  ];
  const longest = ({ longestMs, lateMs }: WaitFigures): string =>
    lateMs * 10 > longestMs ? `${ms(longestMs)} (${ms(lateMs)} of it in the client)` : ms(longestMs);
  const writes = (of: DefragFigures, figure: 'requests' | 'failed' | 'failedTwice'): number =>
    of.through.reduce((sum, each) => sum + each[figure], 0);
  const rows = [
    row('time in all', (of) => ms(of.totalMs)),
    row('of it in etcd, member by member', (of) => of.defragmentingMs.map(ms).join(', ')),
    row('database before', (of) => of.bytes.map(([before]) => `${Math.round(before / mib)} MiB`).join(', ')),
    row('after', (of) => of.bytes.map(([, after]) => `${Math.round(after / mib)} MiB`).join(', ')),
    row('raft leader before; terms that passed', (of) => `${of.raftLeader}; ${of.terms}`),
    row('writes at rest: p50, p99, longest', ({ before }) =>
      [before.p50Ms, before.p99Ms, before.longestMs].map(ms).join(', '),
    ),
    row('writes meanwhile', (of) => String(writes(of, 'requests'))),
    row('longest stall: no write granted through a member not being defragmented', (of) => ms(of.stallApartMs)),
    row('longest wait of one write through a member not being defragmented', (of) => longest(of.apart)),
    row('the same, with the queue that a defragmentation left behind', (of) => longest(of.apartWithQueue)),
    ...(some?.through ?? []).map((_, i) =>
      row(`longest stall; wait of one write through m${i + 1}`, (of) => {
        const through = of.through[i];
        return through === undefined ? '-' : `${ms(of.stallMs[i] ?? Number.NaN)}; ${longest(through)}`;
      }),
    ),
    row('writes that failed', (of) => String(writes(of, 'failed'))),
    row('writes that failed after one retry', (of) => String(writes(of, 'failedTwice'))),
    row('longest wait of a linearizable read', (of) => longest(of.reads)),
    row('reads that failed', (of) => String(of.reads.failed)),
    row('reads that failed after one retry', (of) => String(of.reads.failedTwice)),
  ];
  return [
    table(['defragmentation of the whole cluster', 'etcdctl defrag --cluster', 'agents'], rows),
    '',
    targets(etcdctl, agents),
    ...[etcdctl, agents].flatMap((of, i) =>
      [...(of?.faults ?? [])].map(
        ([fault, count]) => `${['etcdctl', 'agents'][i]}: ${count} attempts failed: ${fault}`,
      ),
    ),
  ].join('\n');
}

function targets(etcdctl: DefragFigures | undefined, agents: DefragFigures | undefined): string {
  const mostMs = mostElectionTimeouts * electionTimeoutMs;
  const failed =
    agents === undefined
      ? Number.NaN
      : agents.through.reduce((sum, { failedTwice }) => sum + failedTwice, agents.reads.failedTwice);
  const rows = [
    ['longest stall', agents?.stallApartMs, Math.max(...(etcdctl?.stallMs ?? [Number.NaN]))] as const,
    [
      'longest wait of one write',
      agents?.apart.longestMs,
      Math.max(...(etcdctl?.through.map(({ longestMs }) => longestMs) ?? [Number.NaN])),
    ] as const,
  ].flatMap(([name, ours = Number.NaN, theirs]) => [
    [
      `${name} through a member not being defragmented`,
      `at most ${ms(mostMs)} (${mostElectionTimeouts} election timeouts)`,
      ms(ours),
      verdict(ours, mostMs),
    ],
    [
      // Etcdctl tells nobody which member is next, so its clients cannot keep away from it.
      `the same / the longest that clients of etcdctl's saw (${ms(theirs)})`,
      `at most ${mostOfEtcdctl}`,
      figure(ours / theirs),
      verdict(ours / theirs, mostOfEtcdctl),
    ],
  ]);
  return table(
    ['target for the agents', 'asked for', 'measured', ''],
    [...rows, ['requests that failed after one retry', '0', figure(failed), verdict(failed, 0)]],
  );
}
