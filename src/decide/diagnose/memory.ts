import type { Cause, Look } from '../../cluster/diagnosis.ts';
import { median } from '../../cluster/median.ts';
import { formatBytes, formatPercent } from '../../cluster/units.ts';
import { mostly, type Window } from './window.ts';

/** The time in which some task waits for memory (PSI) from which on it is short. */
const stalledShare = 0.1;

/** Pages a second that etcd had to wait for: its database is mapped into memory, and is being pushed out of it. */
const majorFaultsPerSecond = 20;

/** What a control group uses of its limit, without pages of files. */
const usedShare = 0.95;

/** How often a second a control group meets its limit; and what shows that it hurts, since pages of files fill every limit in time. */
const limitHitsPerSecond = 1;
const feltStalledShare = 0.01;
const feltMajorFaultsPerSecond = 5;

/** What the machine has left. */
const availableShare = 0.04;

/** That etcd has too little memory: it waits for pages, or is about to be killed for it. */
export function memoryCauses(window: Window): readonly Cause[] {
  const killed = kills(window);
  const signs = [...killed, ...stalls(window), ...faults(window), ...ofGroup(window), ...ofMachine(window)];
  if (signs.length === 0) return [];
  const { member, values } = window.newest;
  const resident = values.process?.residentBytes;
  return [
    {
      verdict: 'memory-pressure',
      member,
      confidence: signs.length > 1 || killed.length > 0 ? 'likely' : 'possible',
      evidence: [...signs, ...(resident === undefined ? [] : [`etcd holds ${formatBytes(resident)}`])],
      firstStep:
        "Give etcd's container or machine more memory, or take other work off it; the database and its index have to fit.",
    },
  ];
}

/**
 * That etcd ended while the kernel killed somebody for want of memory. Its own control group does not say it: a container that is started again
 * has a new one. All looks are asked, as what was killed once is killed again when it has grown as large.
 */
function kills({ looks }: Window): readonly string[] {
  let known: { readonly startedAtMs: number; readonly oomKills: number } | undefined;
  let kills = 0;
  for (const [index, { values }] of looks.entries()) {
    const [startedAtMs, oomKills] = [values.process?.startedAtMs, values.limits?.hostOomKills];
    const isGone = startedAtMs === undefined && index === looks.length - 1;
    if (oomKills === undefined || (startedAtMs === undefined && !isGone)) continue;
    if (known !== undefined && startedAtMs !== known.startedAtMs && oomKills > known.oomKills) kills += 1;
    if (startedAtMs !== undefined) known = { startedAtMs, oomKills };
  }
  return kills === 0
    ? []
    : [`etcd ended ${kills === 1 ? '' : `${kills} times `}while the kernel killed a process for want of memory`];
}

function stalls(window: Window): readonly string[] {
  return (['etcd', 'system'] as const).flatMap((scope) => {
    const shares = window.rates(({ values: { pressure } }) => stalledSeconds(pressure, scope));
    return mostly(shares, (share) => share >= stalledShare)
      ? [
          `some task of ${scope === 'etcd' ? "etcd's control group" : 'the machine'} waits for memory for ${formatPercent(Math.min(1, median(shares) ?? 0))} of the time`,
        ]
      : [];
  });
}

function stalledSeconds(pressure: Look['values']['pressure'], of: 'etcd' | 'system'): number | undefined {
  return pressure?.stalls.find(({ scope, resource, kind }) => scope === of && resource === 'memory' && kind === 'some')
    ?.stalledSeconds;
}

function faults(window: Window): readonly string[] {
  const rates = window.rates(({ values }) => values.process?.majorFaults);
  return mostly(rates, (rate) => rate >= majorFaultsPerSecond)
    ? [`etcd waits for ${(median(rates) ?? 0).toFixed(0)} pages a second that were pushed out of memory`]
    : [];
}

function ofGroup(window: Window): readonly string[] {
  const { cgroup = "etcd's control group", memory } = window.newest.values.limits ?? {};
  if (memory?.limitBytes === undefined) return [];
  const used = memory.usedBytes - (memory.fileBytes ?? 0);
  const hits = window.rates(({ values }) => values.limits?.memory?.limitHits);
  const isFull = used >= usedShare * memory.limitBytes;
  const isMet = mostly(hits, (rate) => rate >= limitHitsPerSecond) && isFelt(window);
  return [
    ...(isFull ? [`${cgroup} uses ${formatBytes(used)} of ${formatBytes(memory.limitBytes)}`] : []),
    ...(isMet
      ? [`it met its limit of ${formatBytes(memory.limitBytes)} ${(median(hits) ?? 0).toFixed(0)} times a second`]
      : []),
  ];
}

function isFelt(window: Window): boolean {
  const faultRates = window.rates(({ values }) => values.process?.majorFaults);
  return (
    mostly(faultRates, (rate) => rate >= feltMajorFaultsPerSecond) ||
    (['etcd', 'system'] as const).some((scope) =>
      mostly(
        window.rates(({ values: { pressure } }) => stalledSeconds(pressure, scope)),
        (share) => share >= feltStalledShare,
      ),
    )
  );
}

function ofMachine({ newest: { values } }: Window): readonly string[] {
  const { limits } = values;
  return limits !== undefined && limits.hostAvailableBytes < availableShare * limits.hostBytes
    ? [`${formatBytes(limits.hostAvailableBytes)} of ${formatBytes(limits.hostBytes)} of the machine are available`]
    : [];
}
