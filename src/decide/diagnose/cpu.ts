import type { Cause } from '../../cluster/diagnosis.ts';
import { median } from '../../cluster/median.ts';
import type { PressureSection } from '../../cluster/sections.ts';
import { formatLatency, formatPercent } from '../../cluster/units.ts';
import { neighboursText, topNeighbour } from './neighbours.ts';
import type { Symptoms } from './symptoms.ts';
import { mostly, type Window } from './window.ts';

/** Periods of 100 ms in which etcd's control group was stopped: a quarter of them is felt as heartbeats that come late. */
const throttledShare = 0.25;

/**
 * How long a thread of etcd waits for its turn on a CPU, on average, from which on it is starved. Measured on 2 cores of an AMD
 * EPYC: 0.1 ms while the machine is put to good use, 0.2 to 0.45 ms beside 8 processes that never rest, 0.9 ms beside 24. A call
 * takes dozens of turns.
 */
const starvedTurnSeconds = 0.0004;

/** Together they wait for so many seconds of each second: an etcd that is idle is left out. */
const waitPerSecond = 0.15;

/** The time in which some task of the machine waits for a CPU, from which on CPUs are short (PSI). */
const stalledShare = 0.5;

/** What keeps etcd from running: the limit of its control group, or others on the machine. */
export function cpuCauses(window: Window, symptoms: Symptoms): readonly Cause[] {
  return [...throttled(window), ...starved(window, symptoms)];
}

function throttled(window: Window): readonly Cause[] {
  const shares = window.ratios(
    ({ values }) => values.limits?.cpu?.throttledPeriods,
    ({ values }) => values.limits?.cpu?.periods,
  );
  if (!mostly(shares, (share) => share >= throttledShare)) return [];
  const { cgroup = 'etcd', cpu } = window.newest.values.limits ?? {};
  const seconds = median(window.rates(({ values }) => values.limits?.cpu?.throttledSeconds)) ?? 0;
  const limit = cpu?.cpus === undefined ? 'its limit' : `its limit of ${cpu.cpus.toFixed(2)} CPUs`;
  return [
    {
      verdict: 'cpu-throttled',
      member: window.newest.member,
      confidence: 'certain',
      evidence: [
        `the kernel stopped ${cgroup} in ${formatPercent(median(shares) ?? 0)} of the periods, since it had used up ${limit}`,
        `its tasks stood still for ${seconds.toFixed(2)} s of each second, together`,
      ],
      firstStep:
        "Raise or remove the CPU limit of etcd's container or unit: a request keeps CPU for it, a limit takes it away.",
    },
  ];
}

/** That threads wait is nothing by itself on a machine that is put to use: something has to be late for it. */
function starved(window: Window, symptoms: Symptoms): readonly Cause[] {
  const waits = window.rates(({ values }) => values.process?.cpuWaitSeconds);
  const perTurn = window.ratios(
    ({ values }) => values.process?.cpuWaitSeconds,
    ({ values }) => values.process?.cpuTurns,
  );
  const stalls = window.rates(({ values }) => stalledSeconds(values.pressure));
  const isWaiting =
    mostly(waits, (seconds) => seconds >= waitPerSecond) && mostly(perTurn, (seconds) => seconds >= starvedTurnSeconds);
  const isShort = stalls.length === 0 || mostly(stalls, (share) => share >= stalledShare);
  const isLate = symptoms.isFelt || symptoms.isRaftLate;
  if (!isWaiting || !isShort || !isLate || isOwnDoing(window)) return [];
  const busy = median(window.values(({ values }) => values.neighbours?.busyRatio));
  const named = neighboursText(window, 'cpu');
  return [
    {
      verdict: 'cpu-starved',
      member: window.newest.member,
      confidence: named.length > 0 ? 'likely' : 'possible',
      evidence: [
        `a thread of etcd waits ${formatLatency(median(perTurn) ?? 0)} for a CPU each time, all together ${(median(waits) ?? 0).toFixed(1)} s of each second`,
        ...(stalls.length === 0
          ? []
          : [
              `some task of the machine waits for a CPU for ${formatPercent(Math.min(1, median(stalls) ?? 0))} of the time`,
            ]),
        ...(busy === undefined ? [] : [`the CPUs are busy for ${formatPercent(busy)} of the time`]),
        ...named,
      ],
      firstStep: `Take ${topNeighbour(window, 'cpu') ?? 'other work'} off this machine, or give etcd a higher CPU weight (cpu.weight, nice) than it.`,
    },
  ];
}

/** Of the CPUs that are busy, so much has to be of processes that are seen before they are compared: in a pod the others' are not. */
const seenShare = 0.6;

/** Who uses most of the CPUs itself starves of its own clients. */
function isOwnDoing(window: Window): boolean {
  const own = median(window.values(({ values }) => values.neighbours?.etcdCpus));
  const others = median(window.values(({ values }) => values.neighbours?.othersCpus));
  if (own === undefined || others === undefined || own <= others) return false;
  const busy = median(window.values(({ values }) => values.neighbours?.busyRatio));
  const { host } = window.newest.values;
  return busy === undefined || host === undefined || own + others >= seenShare * busy * host.cpus;
}

function stalledSeconds(pressure: PressureSection | undefined): number | undefined {
  return pressure?.stalls.find(
    ({ scope, resource, kind }) => scope === 'system' && resource === 'cpu' && kind === 'some',
  )?.stalledSeconds;
}
