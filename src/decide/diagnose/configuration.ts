import { autoCompactionOf } from '../../cluster/auto-compaction.ts';
import type { Cause } from '../../cluster/diagnosis.ts';
import { formatBytes, formatCount, formatLatency } from '../../cluster/units.ts';
import { leastRecommended } from '../../cluster/version-hazards.ts';
import { lastingRttSeconds } from './network.ts';
import { raftTimes } from './settings-of.ts';
import type { Window } from './window.ts';

/** Etcd's tuning guide: an election timeout of at least ten round trips. */
const leastRttsPerElection = 10;

/** Etcd warns at its start of a quota above this. */
const largestQuotaBytes = 8 * 1024 ** 3;

/** Revisions that nobody has compacted: with objects of 1 KB as many as a quota of 2 GiB holds. */
const manyRevisions = 2_000_000n;

/** Settings that do not fit what was measured, and versions that nobody should run. */
export function configurationCauses(window: Window): readonly Cause[] {
  return [...electionTimeout(window), ...quotaSetting(window), ...autoCompaction(window), ...version(window)];
}

function electionTimeout(window: Window): readonly Cause[] {
  const rtt = lastingRttSeconds(window);
  const { heartbeatMs, electionMs } = raftTimes(window.newest);
  if (rtt === undefined || (electionMs >= leastRttsPerElection * rtt * 1000 && heartbeatMs >= rtt * 1000)) return [];
  const wanted = Math.ceil((rtt * 1000) / 10) * 10;
  return [
    {
      verdict: 'election-timeout-short',
      member: window.newest.member,
      confidence: 'likely',
      evidence: [
        `a round trip to a peer takes ${formatLatency(rtt)}, and hardly any was faster since the agent started`,
        `the heartbeat is ${heartbeatMs} ms, the election timeout ${electionMs} ms`,
      ],
      firstStep: `Set --heartbeat-interval=${wanted} and --election-timeout=${wanted * 10} or more, the same on all members, one member at a time.`,
    },
  ];
}

function quotaSetting({ newest: { member, values } }: Window): readonly Cause[] {
  const { quotaBytes, quotaSource } = values.quota ?? {};
  const isOff = quotaSource === 'disabled';
  if (!isOff && (quotaBytes ?? 0) <= largestQuotaBytes) return [];
  return [
    {
      verdict: 'quota-setting-unfit',
      member,
      confidence: 'certain',
      evidence: [
        isOff
          ? '--quota-backend-bytes is negative: nothing keeps the database from filling the disk'
          : `the quota is ${formatBytes(quotaBytes ?? 0)}; etcd is made for up to ${formatBytes(largestQuotaBytes)}`,
      ],
      firstStep:
        'Set --quota-backend-bytes to what the database needs, at most 8 GiB and well below the size of the disk.',
    },
  ];
}

function autoCompaction({ newest: { values } }: Window): readonly Cause[] {
  const { process, wal, member } = values;
  if (process === undefined || process.settingsIncomplete === true || wal?.compactRevision === undefined) return [];
  const kept = (member?.status.revision ?? 0n) - wal.compactRevision;
  if (autoCompactionOf(process.settings) !== undefined || kept < manyRevisions) return [];
  return [
    {
      verdict: 'auto-compaction-off',
      confidence: 'likely',
      evidence: [
        `${formatCount(kept)} revisions are kept, and etcd does not compact by itself (--auto-compaction-retention)`,
      ],
      firstStep: 'Set --auto-compaction-retention=1h, or let the agents compact (maintenance.compaction.mode: auto).',
    },
  ];
}

function version({ newest: { member, values } }: Window): readonly Cause[] {
  const running = values.member?.status.version;
  const least = running === undefined ? undefined : leastRecommended(running);
  if (running === undefined || least === undefined) return [];
  return [
    {
      verdict: 'version-hazard',
      member,
      confidence: 'certain',
      evidence: [`etcd ${running} runs; ${least.because} [${least.source}]`],
      firstStep: `Upgrade to the newest ${least.version.split('.').slice(0, 2).join('.')}, ${least.version} at least, one member at a time, after a backup.`,
    },
  ];
}
