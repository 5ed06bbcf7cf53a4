import { setTimeout as sleep } from 'node:timers/promises';
import type { TendedMember } from '../../healing/tended-cluster.ts';
import { slowFsync } from '../../real/slow-fsync.ts';
import type { Fault, FaultContext } from './fault.ts';

/** Faults of processes: of etcd, of the agents beside it, and of what they call. */
export const processFaults: readonly Fault[] = [
  {
    name: 'kill-etcd',
    what: 'etcd is killed (SIGKILL)',
    strikes: 'member',
    strike: async ({ victims }) => {
      for (const victim of victims) victim.killEtcd();
      return struck(`etcd of ${names(victims)} killed`);
    },
  },
  {
    name: 'kill-machine',
    what: 'etcd and its agent are killed together, and the agent comes back some seconds later',
    strikes: 'member',
    strike: async ({ victims, random }) => {
      await Promise.all(victims.map(killBoth));
      return {
        ...struck(`etcd and agent of ${names(victims)} killed`, 500 + random(6000)),
        undo: () => start(victims),
      };
    },
  },
  {
    name: 'kill-all',
    what: 'every etcd and every agent is killed, with their disks intact',
    strikes: 'cluster',
    strike: async ({ ground: { members }, random }) => {
      await Promise.all(members.map(killBoth));
      return { ...struck('everything killed', random(3000)), undo: () => start(members) };
    },
  },
  {
    name: 'pause-etcd',
    what: 'etcd is stopped (SIGSTOP) for less time than it takes to count as dead',
    strikes: 'member',
    strike: async ({ victims, random }) => paused(victims, 500 + random(4500)),
  },
  {
    name: 'pause-etcd-long',
    what: 'etcd is stopped (SIGSTOP) for longer than `heal.replaceAfter`, and then goes on',
    strikes: 'member',
    strike: async ({ victims, random }) => paused(victims, 12_000 + random(20_000)),
  },
  {
    name: 'kill-agents',
    what: 'agents are killed, all of them now and then, and come back some seconds later',
    strikes: 'agents',
    strike: async (context) => {
      const chosen = someOf(context);
      await Promise.all(chosen.map((member) => member.killAgent()));
      return {
        ...struck(`agents of ${names(chosen)} killed`, 500 + context.random(6000)),
        undo: () => start(chosen),
      };
    },
  },
  {
    name: 'pause-agents',
    what: 'agents are stopped (SIGSTOP) for longer than a term of the leader, and then go on',
    strikes: 'agents',
    strike: async (context) => {
      const pids = someOf(context).flatMap(({ name, agentPid }) =>
        agentPid === undefined ? [] : [{ name, agentPid }],
      );
      for (const { agentPid } of pids) signalTo(agentPid, 'SIGSTOP');
      return {
        ...struck(`agents of ${names(pids)} stopped`, 3000 + context.random(6000)),
        undo: () => goOn(pids.map(({ agentPid }) => agentPid)),
      };
    },
  },
  {
    name: 'slow-disk',
    what: 'each fdatasync of etcd takes 50 to 400 ms longer (by strace)',
    strikes: 'member',
    strike: async ({ victims, random }) => {
      const delayMs = 50 + random(350);
      const slowed = await Promise.all(
        victims.flatMap((victim) => {
          const pid = victim.etcdPid();
          return pid === undefined ? [] : [slowFsync(pid, delayMs)];
        }),
      );
      return {
        ...struck(`fdatasync of ${names(victims)} slower by ${delayMs} ms`, 3000 + random(7000)),
        undo: async () => {
          await Promise.all(slowed.map((each) => each.stop()));
        },
      };
    },
  },
];

/** Both, the agent first: it would start etcd again. */
export async function killBoth(member: TendedMember): Promise<void> {
  await member.killAgent();
  member.killEtcd();
  while (member.etcdPid() !== undefined) await sleep(10);
}

/** What needs no undoing. */
export function struck(text: string, lastsMs = 0): { text: string; lastsMs: number; undo: () => void } {
  return { text, lastsMs, undo: () => undefined };
}

/** The names of members, for people. */
export function names(members: readonly { readonly name: string }[]): string {
  return members.map(({ name }) => name).join(', ');
}

/** Starts the agents that do not run. */
export function start(members: readonly TendedMember[]): void {
  for (const member of members) member.startAgent();
}

function paused(victims: readonly TendedMember[], lastsMs: number): ReturnType<typeof struck> {
  const pids = victims.flatMap((victim) => victim.etcdPid() ?? []);
  for (const pid of pids) signalTo(pid, 'SIGSTOP');
  const text = `etcd of ${names(victims)} stopped for ${(lastsMs / 1000).toFixed(1)} s`;
  return { text, lastsMs, undo: () => goOn(pids) };
}

/** One agent, the leading one, or all of them. */
function someOf({ ground, random }: FaultContext): readonly TendedMember[] {
  const { members } = ground;
  const leading = members.filter(({ name }) => name === ground.leader());
  const one = members.slice(random(members.length)).slice(0, 1);
  return [one, leading.length > 0 ? leading : one, members][random(3)] ?? one;
}

function goOn(pids: readonly number[]): void {
  for (const pid of pids) signalTo(pid, 'SIGCONT');
}

/** Where it runs still. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile: somebody else has killed it.
  }
}
