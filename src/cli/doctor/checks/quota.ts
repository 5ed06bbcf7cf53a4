import type { QuotaSection } from '../../../cluster/sections.ts';
import { formatBytes, formatPercent, formatSpan } from '../../units.ts';
import { type Check, found, type Line, ok, skipped, unread } from '../check.ts';

/** Etcd's documentation: "8 GiB is a suggested maximum size"; etcd warns at its start above it. */
const suggestedMaximumBytes = 8 * 1024 ** 3;

const warnUsedRatio = 0.8;
const criticalUsedRatio = 0.92;

/** From here on defragmentation gives back enough to be worth its stall (the measure of OpenShift's operator). */
const fragmentedRatio = 0.45;
const fragmentedBytes = 100 * 1024 ** 2;

const fullSoonSeconds = 24 * 3600;

/** How full the own member's database is, and how much of it is free pages. */
export const quotaCheck: Check = {
  group: 'quota',
  examine: ({ observation }) => {
    const reading = observation.sections.quota;
    if (reading?.value === undefined) return [unread(reading?.fault)];
    return [...limit(reading.value), ...use(reading.value), ...fragmentation(reading.value)];
  },
};

function limit({ quotaSource, quotaBytes = 0 }: QuotaSection): readonly Line[] {
  if (quotaSource === 'unknown') {
    return [
      skipped('the quota is not known: neither Status, nor the metrics page, nor the command line of etcd says it'),
    ];
  }
  if (quotaSource === 'disabled') {
    const message = 'The quota is disabled: the database grows until the disk is full, and then etcd cannot start.';
    const remedy = 'Set --quota-backend-bytes, at most 8 GiB.';
    return [found({ code: 'QUOTA_DISABLED', severity: 'warning', message, remedy })];
  }
  if (quotaBytes <= suggestedMaximumBytes) return [];
  const message = `The quota is ${formatBytes(quotaBytes)}, above the 8 GiB that etcd suggests at most.`;
  const remedy = 'Keep less in etcd: a member that joins or restarts reads all of it, and snapshots take as long.';
  return [found({ code: 'QUOTA_LARGE', severity: 'warning', message, remedy })];
}

function use(quota: QuotaSection): readonly Line[] {
  const { usedRatio, quotaBytes, dbSizeBytes, quotaSource, fullInSeconds = Number.POSITIVE_INFINITY } = quota;
  if (usedRatio === undefined || quotaBytes === undefined) return [ok(`the database has ${formatBytes(dbSizeBytes)}`)];
  const origin = quotaSource === 'default' ? " (etcd's default)" : '';
  const message = `the database has ${formatBytes(dbSizeBytes)}, ${formatPercent(usedRatio)} of its quota of ${formatBytes(quotaBytes)}${origin}`;
  const full = Number.isFinite(fullInSeconds) ? `, full in ${formatSpan(fullInSeconds)}` : '';
  if (usedRatio > warnUsedRatio || fullInSeconds < fullSoonSeconds) {
    const severity = usedRatio > criticalUsedRatio ? 'critical' : 'warning';
    const remedy =
      'See who fills it (etcd-caretaker keyspace); compact and defragment, delete what is not needed, or raise the quota.';
    return [found({ code: 'QUOTA_HIGH', severity, message: `${capital(message)}${full}.`, remedy })];
  }
  return [ok(`${message}${full}`)];
}

function fragmentation({ fragmentationRatio, dbSizeBytes, dbSizeInUseBytes }: QuotaSection): readonly Line[] {
  const free = dbSizeBytes - dbSizeInUseBytes;
  const numbers = `${formatPercent(fragmentationRatio)} of the file, ${formatBytes(free)}, are free pages`;
  if (fragmentationRatio < fragmentedRatio || free < fragmentedBytes) return [ok(numbers)];
  const remedy = 'Defragment the members one by one, followers first; new writes use free pages too.';
  return [found({ code: 'FRAGMENTED', severity: 'info', message: `${numbers}.`, remedy })];
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
