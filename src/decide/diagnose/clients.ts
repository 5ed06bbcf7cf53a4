import type { Cause, Look } from '../../cluster/diagnosis.ts';
import { median } from '../../cluster/median.ts';
import type { MethodCalls } from '../../cluster/sections.ts';
import { formatBytes, formatCount, formatLatency, formatPercent } from '../../cluster/units.ts';
import { busiestPrefix, likelyRangedPrefix } from './prefixes.ts';
import { feltText, type Symptoms } from './symptoms.ts';
import { mostly, type Window } from './window.ts';

/** Writes a second, and bytes appended to the WAL, from which on they can be what is felt. */
const heavyWritesPerSecond = 500;
const heavyWalBytesPerSecond = 3e6;
/** The largest quota that etcd recommends, 8 GiB, is full of that in 12 minutes: heavy, whatever this member makes of it. */
const hugeWalBytesPerSecond = 12e6;

/** Ranges a second, and bytes of their answers, from which on they can be what is felt. Fewer than the least are no load, whatever they carry. */
const heavyRangesPerSecond = 2000;
const leastRangesPerSecond = 1;
const heavySentBytesPerSecond = 10e6;
/** Half of a link of 1 Gbit/s: felt by whoever shares it, whatever etcd makes of it. */
const hugeSentBytesPerSecond = 60e6;

/** Watchers and leases of one member that etcd keeps up with, but not in comfort. Kubernetes has some hundred watchers. */
const manyWatchers = 10_000;
const slowWatchersAllowed = 100;
const manyLeases = 10_000;

/** Calls that clients gave up, a second and as a share of all: now and then one is nothing. */
const givenUpPerSecond = 1;
const givenUpShare = 0.05;

/** What clients ask of etcd that is too much for it, or give up too early. */
export function clientCauses(window: Window, symptoms: Symptoms): readonly Cause[] {
  return [
    ...heavyWrites(window, symptoms),
    ...heavyRanges(window, symptoms),
    ...watchers(window),
    ...leases(window),
    ...timeouts(window, symptoms),
  ];
}

function heavyWrites(window: Window, symptoms: Symptoms): readonly Cause[] {
  const writes = window.rates(({ values: { requests } }) => requests && requests.puts + requests.deletes);
  const wal = window.rates(({ values }) => values.requests?.walWrittenBytes);
  const isHeavy =
    mostly(writes, (rate) => rate >= heavyWritesPerSecond) || mostly(wal, (rate) => rate >= heavyWalBytesPerSecond);
  const isHuge = mostly(wal, (rate) => rate >= hugeWalBytesPerSecond);
  if (!isHuge && !(isHeavy && symptoms.isFelt)) return [];
  const prefix = busiestPrefix(window);
  const numbers = `${(median(writes) ?? 0).toFixed(0)} keys are written a second, and ${formatBytes(median(wal) ?? 0)}/s appended to the WAL`;
  return [
    {
      verdict: 'heavy-writes',
      // So much WAL is measured, not guessed: it stands above a quota that is full of it soon, also at agents that keep no totals.
      confidence: prefix === undefined && !isHuge ? 'possible' : 'likely',
      evidence: [numbers, ...(prefix === undefined ? [] : [prefix.text]), ...feltText(symptoms)],
      firstStep: `Find the client that writes ${prefix === undefined ? 'so much (`etcd-caretaker keyspace` on the agent that keeps the totals)' : `under ${prefix.prefix}`}, and slow it down.`,
    },
  ];
}

function heavyRanges(window: Window, symptoms: Symptoms): readonly Cause[] {
  const ranges = window.rates(({ values }) => calls(values, 'Range')?.handled);
  const sent = mostly(ranges, (rate) => rate >= leastRangesPerSecond) ? answeredBytes(window) : [];
  const isHeavy =
    mostly(ranges, (rate) => rate >= heavyRangesPerSecond) || mostly(sent, (rate) => rate >= heavySentBytesPerSecond);
  const isHuge = mostly(sent, (rate) => rate >= hugeSentBytesPerSecond);
  if (!isHuge && !(isHeavy && symptoms.isFelt)) return [];
  const [perSecond, bytes] = [median(ranges) ?? 0, median(sent) ?? 0];
  const each = perSecond > 0 ? bytes / perSecond : 0;
  const prefix = likelyRangedPrefix(window, each);
  return [
    {
      verdict: 'heavy-ranges',
      member: window.newest.member,
      confidence: 'likely',
      evidence: [
        `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} range requests a second are answered with about ${formatBytes(bytes)}/s, ${formatBytes(each)} each`,
        ...(prefix === undefined
          ? []
          : [
              `the prefix ${prefix.prefix} has that size (${formatBytes(prefix.bytes)} in ${formatCount(prefix.keys)} keys)`,
            ]),
        ...feltText(symptoms),
      ],
      firstStep: `Find the client that lists ${prefix === undefined ? 'so much' : prefix.prefix}: let it page (limit), watch instead of listing again, or read from a cache.`,
    },
  ];
}

/**
 * What etcd sends its clients, by second, without what goes to watchers: an event is about as large as what was written. Etcd counts all of it together.
 * None of an interval in which somebody reads a snapshot, which is far more.
 */
function answeredBytes(window: Window): readonly number[] {
  const ofWatchers = (earlier: Look, later: Look): number => {
    const [before, after] = [earlier.values.requests, later.values.requests];
    if (before === undefined || after === undefined) return 0;
    const writes = after.puts + after.deletes - before.puts - before.deletes;
    const each = writes > 0 ? (after.walWrittenBytes - before.walWrittenBytes) / writes : 0;
    return Math.max(0, after.watchEvents - before.watchEvents) * Math.max(0, each);
  };
  return window.intervals.flatMap(({ earlier, later, seconds }) => {
    const [before, after] = [earlier.values.requests, later.values.requests];
    if (before === undefined || after === undefined || after.clientSentBytes < before.clientSentBytes) return [];
    const reads = [earlier, later].some(
      ({ values, fullUnderWay }) => fullUnderWay === true || (values.requests?.snapshotStreams ?? 0) > 0,
    );
    if (reads || seconds <= 0) return [];
    return [Math.max(0, after.clientSentBytes - before.clientSentBytes - ofWatchers(earlier, later)) / seconds];
  });
}

function watchers(window: Window): readonly Cause[] {
  const { member, values } = window.newest;
  const { watchers: open = 0, slowWatchers = 0, pendingEvents = 0 } = values.requests ?? {};
  const isMany = window.mostly((look) => look.values.requests && look.values.requests.watchers >= manyWatchers);
  const isSlow = window.mostly(
    (look) => look.values.requests && look.values.requests.slowWatchers >= slowWatchersAllowed,
  );
  if (!isMany && !isSlow) return [];
  return [
    {
      verdict: 'too-many-watchers',
      member,
      confidence: isMany ? 'certain' : 'likely',
      evidence: [
        `${formatCount(open)} watchers are open on ${member}`,
        ...(slowWatchers > 0
          ? [`${formatCount(slowWatchers)} of them are behind, and ${formatCount(pendingEvents)} events wait`]
          : []),
      ],
      firstStep:
        'Find the client that opens a watcher for each key instead of one for the prefix, or that never closes them.',
    },
  ];
}

function leases(window: Window): readonly Cause[] {
  if (!window.mostly(({ values }) => values.requests && values.requests.leases >= manyLeases)) return [];
  const granted = median(window.rates(({ values }) => calls(values, 'LeaseGrant')?.handled));
  return [
    {
      verdict: 'too-many-leases',
      confidence: 'certain',
      evidence: [
        `${formatCount(window.newest.values.requests?.leases ?? 0)} leases live that were granted since etcd started`,
        ...(granted === undefined ? [] : [`${window.newest.member} grants ${granted.toFixed(1)} a second`]),
      ],
      firstStep:
        'Find the client that takes a lease for each key: keys of one lifetime can share one. All of them expire together after an election.',
    },
  ];
}

function timeouts(window: Window, { readSeconds, isReadSlow, isFsyncSlow }: Symptoms): readonly Cause[] {
  const givenUp = window.rates(({ values }) =>
    total(values, ({ deadlineExceeded, canceled }) => deadlineExceeded + canceled),
  );
  const shares = window.ratios(
    ({ values }) => total(values, ({ deadlineExceeded, canceled }) => deadlineExceeded + canceled),
    ({ values }) => total(values, ({ handled }) => handled),
  );
  const isSo = mostly(givenUp, (rate) => rate >= givenUpPerSecond) && mostly(shares, (share) => share >= givenUpShare);
  if (!isSo) return [];
  const isOurs = isReadSlow || isFsyncSlow;
  return [
    {
      verdict: 'client-timeouts',
      member: window.newest.member,
      confidence: isOurs ? 'possible' : 'likely',
      evidence: [
        `clients give up ${(median(givenUp) ?? 0).toFixed(1)} calls a second before they are answered, ${formatPercent(median(shares) ?? 0)} of all`,
        ...(readSeconds === undefined ? [] : [`a linearizable read takes ${formatLatency(readSeconds)}`]),
      ],
      firstStep: isOurs
        ? 'Mend what makes etcd slow first.'
        : 'Look at the deadlines of the clients: etcd answers in time, and they are shorter than that or the calls too large.',
    },
  ];
}

function calls({ requests }: Look['values'], method: string): MethodCalls | undefined {
  return requests?.methods.find((each) => each.method === method);
}

function total({ requests }: Look['values'], of: (calls: MethodCalls) => number): number | undefined {
  return requests?.methods.reduce((sum, each) => sum + of(each), 0);
}
