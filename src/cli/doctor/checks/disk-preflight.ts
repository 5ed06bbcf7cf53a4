import { slowDiskRemedy } from '../../../cluster/device-findings.ts';
import { writeFails } from '../../../cluster/probe-findings.ts';
import { formatLatency } from '../../units.ts';
import { found, type Line, ok, skipped } from '../check.ts';
import type { DiskPreflight } from '../facts.ts';
import { describeSeconds } from '../sorted-seconds.ts';
import { disastrousSeconds, fsyncP99Seconds } from './disk-limits.ts';

/** Of a disk that just keeps a limit on its 99th percentile, this share of the writes is slower. */
const slowShare = 0.01;

/**
 * What the doctor's own writes say of a disk. The p99 of 300 writes is the third slowest of them: a few hiccups, as every
 * shared disk has them, would decide. So a warning needs more slow writes than chance makes of one in a hundred: three
 * standard deviations more, of 300 writes 9. What lies between is a note.
 */
export function preflightLine({ role, directory, seconds, idle, fault }: DiskPreflight): Line {
  const what = role === 'wal' ? 'the WAL' : 'the data';
  if (fault !== undefined) return found(writeFails(role, fault));
  if (seconds === undefined) return skipped(`writes beside ${what} not measured: ${idle ?? 'no reason given'}`);
  const numbers = `${seconds.length} writes of 2300 bytes with fdatasync in ${directory}: ${describeSeconds(seconds)}`;
  const slow = slowerThan(fsyncP99Seconds, seconds);
  if (slow <= slowShare * seconds.length) return ok(numbers);
  const limit = formatLatency(fsyncP99Seconds);
  if (!isMoreThanChance(slow, seconds.length)) {
    return found({
      code: 'DISK_SLOW',
      severity: 'info',
      message: `${numbers}; ${slow} took ${limit} or longer, which is more than 1 in 100 and may still be chance.`,
      remedy:
        'Run the doctor again; what the disk does over hours, the metric disk_fsync_probe_seconds of the agent shows.',
    });
  }
  const isDisastrous = isMoreThanChance(slowerThan(disastrousSeconds, seconds), seconds.length);
  return found({
    code: 'DISK_SLOW',
    severity: isDisastrous ? 'critical' : 'warning',
    message: `${numbers}; ${slow} took ${limit} or longer, and etcd wants at most 1 in 100.`,
    remedy: slowDiskRemedy,
  });
}

function slowerThan(limitSeconds: number, seconds: readonly number[]): number {
  return seconds.filter((each) => each >= limitSeconds).length;
}

/** A count of rare events has a standard deviation of the root of what is expected. */
function isMoreThanChance(slow: number, count: number): boolean {
  const expected = slowShare * count;
  return slow > expected + 3 * Math.sqrt(expected);
}
