import type { Cause } from '../../cluster/diagnosis.ts';
import { formatBytes, formatPercent, formatSpan } from '../../cluster/units.ts';
import { growingPrefix } from './prefixes.ts';
import type { Window } from './window.ts';

/** Full within this time is soon, once half of the quota is used: before that the slope says little. */
const soonSeconds = 4 * 3600;
const soonFromRatio = 0.5;

/** So much of the quota is nearly all, however it grows; so much of it is much, where it is data and no free pages. */
const nearlyAllRatio = 0.92;
const muchRatio = 0.8;
const muchInUseRatio = 0.7;

/** The quota is used up, or is going to be. */
export function quotaCauses(window: Window): readonly Cause[] {
  return [...exceeded(window), ...runningOut(window)];
}

function exceeded(window: Window): readonly Cause[] {
  const { cluster, quota } = window.newest.values;
  const raised = (cluster?.alarms ?? []).filter(({ alarm }) => alarm === 'NOSPACE').map(({ member }) => member);
  if (raised.length === 0) return [];
  return [
    {
      verdict: 'quota-exceeded',
      confidence: 'certain',
      evidence: [
        `NOSPACE is raised for ${raised.join(', ')}: etcd refuses writes`,
        ...(quota === undefined ? [] : [sizes(quota)]),
        ...prefixText(window),
      ],
      firstStep:
        'Delete what is not needed, then compact and defragment; `etcd-caretaker explain nospace` says what the agents do about it.',
    },
  ];
}

function runningOut(window: Window): readonly Cause[] {
  const { member, values } = window.newest;
  const { quota } = values;
  const isRaised = values.cluster?.alarms.some(({ alarm }) => alarm === 'NOSPACE') ?? false;
  if (quota?.quotaBytes === undefined || quota.usedRatio === undefined || isRaised) return [];
  const { usedRatio, dbSizeInUseBytes, quotaBytes, fullInSeconds = Number.POSITIVE_INFINITY } = quota;
  const isSoon = usedRatio >= soonFromRatio && fullInSeconds <= soonSeconds;
  const isMuch =
    usedRatio >= nearlyAllRatio || (usedRatio >= muchRatio && dbSizeInUseBytes >= muchInUseRatio * quotaBytes);
  if (!isSoon && !isMuch) return [];
  return [
    {
      verdict: 'quota-running-out',
      member,
      confidence: isMuch ? 'certain' : 'likely',
      evidence: [
        sizes(quota),
        ...(Number.isFinite(fullInSeconds)
          ? [
              `at the present growth it is full in ${formatSpan(fullInSeconds)}, at ${new Date(window.newest.atMs + fullInSeconds * 1000).toISOString()}`,
            ]
          : []),
        ...prefixText(window),
      ],
      firstStep:
        'Find out who writes there and whether it is ever deleted; then compact, defragment, or raise --quota-backend-bytes (8 GiB at most).',
    },
  ];
}

function sizes(quota: NonNullable<Window['newest']['values']['quota']>): string {
  const { dbSizeBytes, dbSizeInUseBytes, quotaBytes, usedRatio } = quota;
  const inUse = `${formatBytes(dbSizeInUseBytes)} in use`;
  return quotaBytes === undefined || usedRatio === undefined
    ? `the database has ${formatBytes(dbSizeBytes)}, ${inUse}`
    : `the database has ${formatBytes(dbSizeBytes)} (${inUse}), ${formatPercent(usedRatio)} of its quota of ${formatBytes(quotaBytes)}`;
}

function prefixText(window: Window): readonly string[] {
  const prefix = growingPrefix(window);
  return prefix === undefined ? [] : [prefix.text];
}
