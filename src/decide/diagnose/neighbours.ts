import type { Neighbour } from '../../cluster/sections.ts';
import { formatBytes } from '../../cluster/units.ts';
import type { Window } from './window.ts';

/** As many are named. */
const namedAtMost = 3;

/** A neighbour that takes less than this is none: bytes a second, and CPUs. */
const leastIoBytesPerSecond = 1e6;
const leastCpus = 0.1;

/** A control group is named before its processes where it takes so many times as much as the largest of all processes. */
const groupFactor = 2;

type Resource = 'io' | 'cpu';

/** A process or a control group, and how much it takes. */
interface Taker {
  readonly key: string;
  readonly name: string;
  readonly amount: number;
}

/** Those of the looks at other processes in the window that take most, one sentence each; empty where none was seen. */
export function neighboursText(window: Window, resource: Resource): readonly string[] {
  return largest(window, resource)
    .slice(0, namedAtMost)
    .map(({ name, amount }) => `${name} ${takes(amount, resource)}`);
}

/** The one that takes most, by name. */
export function topNeighbour(window: Window, resource: Resource): string | undefined {
  return largest(window, resource)[0]?.name;
}

function largest(window: Window, resource: Resource): readonly Taker[] {
  const amount = ({ ioBytesPerSecond = 0, cpus }: Pick<Neighbour, 'ioBytesPerSecond' | 'cpus'>): number =>
    resource === 'io' ? ioBytesPerSecond : cpus;
  const looks = window.values(({ values }) => values.neighbours).filter(({ because }) => because !== undefined);
  const processes = highest(
    looks.flatMap(({ top }) =>
      top.map((each) => ({ key: String(each.pid), name: nameOf(each), amount: amount(each) })),
    ),
    resource,
  );
  const groups = highest(
    looks.flatMap((look) =>
      look.groups
        .filter((each) => each.processes > 1)
        .map((each) => ({
          key: each.cgroup,
          name: `the control group ${each.cgroup} (${each.processes} processes)`,
          amount: amount(each),
        })),
    ),
    resource,
  );
  const [process] = processes;
  const [group] = groups;
  const isGroup = group !== undefined && group.amount >= groupFactor * (process?.amount ?? 0);
  return isGroup ? [group, ...processes] : processes;
}

/** Each by what it took at most: the newest look may have come when one had only begun, or had just paused. */
function highest(takers: readonly Taker[], resource: Resource): readonly Taker[] {
  const byKey = new Map<string, Taker>();
  for (const each of takers) {
    const before = byKey.get(each.key);
    if (before === undefined || each.amount > before.amount) byKey.set(each.key, each);
  }
  const least = resource === 'io' ? leastIoBytesPerSecond : leastCpus;
  return [...byKey.values()].filter(({ amount }) => amount >= least).sort((a, b) => b.amount - a.amount);
}

function nameOf({ command, pid, cgroup }: Neighbour): string {
  return `${command} (process ${pid}${cgroup === undefined ? '' : `, ${cgroup}`})`;
}

function takes(amount: number, resource: Resource): string {
  return resource === 'io' ? `reads and writes ${formatBytes(amount)}/s` : `uses ${amount.toFixed(1)} CPUs`;
}
