import { setTimeout as sleep } from 'node:timers/promises';
import { type Span, sentWithin, waits } from '../load-figures.ts';
import { type MemberLoad, startOpenLoad } from '../open-load.ts';
import { Agents } from './agents.ts';
import { clusterWith, type MaintainRun, nothingElse, warmUpMs } from './run.ts';
import { ms, table, verdict } from './table.ts';

const mostOfBefore = 1.2;
/** Shorter slices would have too few writes for a p99, and of fewer than so many there is no spread. */
const shortestSliceMs = 5000;
const fewestSlices = 4;

/**
 * Part C: the p99 of writes while the agents compact half of the database's history, against the minutes before in the same
 * run. The idle spread is what the p99 comes to in slices of those minutes, each as long as the compaction took, where that
 * makes at least four.
 */
export async function compaction(run: MaintainRun): Promise<string> {
  await using cluster = await clusterWith(run, 'history');
  // Only the request is to start it, however much there is to compact; and then all but the newest minute goes.
  const set = {
    'maintenance.compaction.keep': '1m',
    'maintenance.compaction.keepRevisions': '0',
    'maintenance.compaction.minRevisions': '1000000000',
  };
  await using agents = await Agents.start(cluster.members, { ...nothingElse, ...set, ...run.set });
  await using load = await startOpenLoad(cluster.members, run.rates);
  await agents.ready('compaction');
  await sleep(warmUpMs);
  const beganMs = Date.now();
  await sleep(run.minutes.beforeCompaction * 60_000);
  const askedMs = Date.now();
  const { startedAtMs, endedAtMs, summary } = await agents.run('compaction');
  const before = { fromMs: beganMs, toMs: askedMs };
  return [report(await load.stop(), before, { fromMs: startedAtMs, toMs: endedAtMs }), '', summary].join('\n');
}

function report(loads: readonly MemberLoad[], before: Span, during: Span): string {
  const atRest = waits(loads, 'writes', sentWithin(before));
  const meanwhile = waits(loads, 'writes', sentWithin(during));
  const slices = slicesOf(before, during.toMs - during.fromMs).map(
    (slice) => waits(loads, 'writes', sentWithin(slice)).p99Ms,
  );
  const ratio = meanwhile.p99Ms / atRest.p99Ms;
  const mostMs = Math.max(mostOfBefore * atRest.p99Ms, ...slices);
  return [
    table(
      ['writes', 'span', 'writes', 'p50', 'p99', 'longest', 'failed after one retry'],
      [[`before`, before, atRest] as const, [`during the agents' physical compaction`, during, meanwhile] as const].map(
        ([name, span, of]) => [
          name,
          ms(span.toMs - span.fromMs),
          String(of.requests),
          ...[of.p50Ms, of.p99Ms, of.longestMs].map(ms),
          String(of.failedTwice),
        ],
      ),
    ),
    '',
    `p99 in ${slices.length} slices of the time before: ${ms(Math.min(...slices))} to ${ms(Math.max(...slices))}`,
    '',
    table(
      ['target for the agents', 'asked for', 'measured', ''],
      [
        [
          'write p99 during a compaction / before it',
          `at most ${mostOfBefore}, or within the idle spread (${ms(Math.max(...slices))})`,
          `${ratio.toFixed(2)} (${ms(meanwhile.p99Ms)})`,
          verdict(meanwhile.p99Ms, mostMs),
        ],
      ],
    ),
  ].join('\n');
}

/** The span in slices of about that length; at least one, which is all of it. */
function slicesOf({ fromMs, toMs }: Span, wantedMs: number): readonly Span[] {
  const lengthMs = Math.max(shortestSliceMs, Math.min(wantedMs, (toMs - fromMs) / fewestSlices));
  const count = Math.max(1, Math.floor((toMs - fromMs) / lengthMs));
  const each = (toMs - fromMs) / count;
  return Array.from({ length: count }, (_, i) => ({ fromMs: fromMs + i * each, toMs: fromMs + (i + 1) * each }));
}
