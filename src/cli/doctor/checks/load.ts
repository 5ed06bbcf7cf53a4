import { formatLatency } from '../../units.ts';
import { type Check, found, type Line, ok, skipped } from '../check.ts';
import type { LoadReading } from '../facts.ts';
import { describeSeconds } from '../sorted-seconds.ts';

/** What `etcdctl check perf` asks of every size: 90 % of the rate, and no request slower than 500 ms. */
const leastRateShare = 0.9;
const slowestSeconds = 0.5;

/** A short load like that of `etcdctl check perf --load=s`; only with `--load`. */
export const loadCheck: Check = {
  group: 'load',
  examine: ({ load }) => {
    if (load === undefined) return [];
    if ('refused' in load) return [skipped(`not done: ${load.refused}`)];
    return [...result(load), ...leftover(load)];
  },
};

function result(load: LoadReading): readonly Line[] {
  const { seconds, tookSeconds, failures, wantedRatePerSecond, fault } = load;
  const ratePerSecond = seconds.length / Math.max(tookSeconds, 0.001);
  const slowest = seconds.at(-1) ?? 0;
  const numbers = `${seconds.length} writes at ${ratePerSecond.toFixed(0)}/s: ${describeSeconds(seconds)}`;
  const lines: Line[] = [];
  const remedy = 'Look at the disk and network lines above: a write waits for fdatasync on a majority of the members.';
  if (failures > 0) {
    const message = `${failures} of ${seconds.length + failures} writes failed; the first: ${fault?.message}.`;
    lines.push(found({ code: 'LOAD_WRITES_FAILED', severity: 'critical', message, remedy: fault?.remedy ?? remedy }));
  }
  if (seconds.length === 0) return lines;
  if (ratePerSecond < leastRateShare * wantedRatePerSecond || slowest > slowestSeconds) {
    const message = `${numbers}; ${wantedRatePerSecond}/s and none above ${formatLatency(slowestSeconds)} are expected.`;
    lines.push(found({ code: 'LOAD_SLOW', severity: 'warning', message, remedy }));
  }
  return lines.length === 0 ? [ok(numbers)] : lines;
}

function leftover({ notRemoved }: LoadReading): readonly Line[] {
  if (notRemoved === undefined) return [];
  const message = `The keys of the load could not be removed: ${notRemoved.message}.`;
  const remedy = 'Nothing: they have a lease and go away by themselves within two minutes.';
  return [found({ code: 'LOAD_NOT_REMOVED', severity: 'warning', message, remedy })];
}
