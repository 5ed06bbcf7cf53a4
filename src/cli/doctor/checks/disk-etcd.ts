import { slowDiskRemedy } from '../../../cluster/device-findings.ts';
import type { Fault } from '../../../cluster/observation.ts';
import type { WalSection } from '../../../cluster/sections.ts';
import { formatLatency } from '../../units.ts';
import { found, type Line, ok, skipped } from '../check.ts';
import type { Facts } from '../facts.ts';
import { commitP99Seconds, fsyncP99Seconds } from './disk-limits.ts';

/** Of fewer samples the 99th percentile is the slowest one, and a single hiccup would decide. */
const enoughSamples = 100;

/** What etcd's own histograms say of its disk, or why they could not be read. */
export function etcdLatency({ observation, metricsUrl }: Facts): readonly Line[] {
  const { wal, member } = observation.sections;
  if (wal === undefined) return [skipped("etcd's own latencies: not checked, the collector is off")];
  if (wal.value !== undefined) return latencyLines(wal.value);
  const { fault } = wal;
  if (fault?.code.startsWith('ETCD_') !== true) {
    return [skipped(`etcd's own latencies: not checked, ${fault?.message ?? 'they were not observed'}`)];
  }
  // Where etcd does not answer at all, `reach` has told why.
  return member?.value === undefined
    ? [skipped("etcd's own latencies: not checked, etcd did not answer, see above")]
    : [brokenPage(fault, metricsUrl)];
}

/** Faults of TLS, which have remedies of their own; all others are those of a wrong URL, or of what is in between. */
const ofTls = /^ETCD_(TLS_(EXPIRED|UNTRUSTED|WRONG_NAME)|CLIENT_CERT_.*|CERT_UNREADABLE)$/;

const pageRemedy =
  "Set member.metricsUrl to the /metrics page of this member's etcd (--listen-metrics-urls), or leave it out: then it is that of member.endpoint.";

/** The member answers and its page cannot be read: what the agent shows of the disk's latency is missing too. */
function brokenPage({ code, message, remedy }: Fault, metricsUrl: string): Line {
  const where = message.includes(metricsUrl) ? '' : ` (${metricsUrl})`;
  return found({
    code,
    severity: 'warning',
    message: `Etcd's own WAL fsync and backend commit times cannot be read${where}: ${message.replace(/\.$/, '')}.`,
    remedy: ofTls.test(code) ? (remedy ?? pageRemedy) : pageRemedy,
  });
}

function latencyLines(wal: WalSection): readonly Line[] {
  const kinds = [
    ['WAL_FSYNC_SLOW', 'WAL fsync', wal.walFsyncP99Seconds, wal.walFsyncsInInterval, fsyncP99Seconds],
    [
      'BACKEND_COMMIT_SLOW',
      'backend commit',
      wal.backendCommitP99Seconds,
      wal.backendCommitsInInterval,
      commitP99Seconds,
    ],
  ] as const;
  return kinds.map(([code, name, seconds, samples = 0, limitSeconds]): Line => {
    if (seconds === undefined || samples === 0) return skipped(`etcd's own ${name}: none in the last seconds`);
    const numbers = `etcd's own ${name}: p99 ${formatLatency(seconds)} over ${samples} in the last seconds`;
    if (seconds <= limitSeconds) return ok(numbers);
    const limit = `it should be below ${formatLatency(limitSeconds)}`;
    if (samples >= enoughSamples) {
      return found({ code, severity: 'warning', message: `${numbers}; ${limit}.`, remedy: slowDiskRemedy });
    }
    return found({
      code,
      severity: 'info',
      message: `${numbers}; ${limit}, but of fewer than ${enoughSamples} it says little.`,
      remedy:
        'Look at the same over a longer time: the histogram on the metrics page of etcd, or the status of the agent.',
    });
  });
}
