import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SlowFsync, slowFsync } from '../../real/slow-fsync.ts';
import { ControlGroup } from './control-group.ts';
import type { DiagnosedFault, FaultContext, Struck } from './fault.ts';
import { readAgainAndAgain } from './reads.ts';

/** A dozen per core: fewer hardly delay who sleeps most of the time. Each in a session of its own, which has a share of its own. */
const hogs = 24;
const writers = 4;
const delayMs = 120;
const warmUpMs = 10_000;

/** Faults of a machine: its disk, its CPUs, its memory. */
export const machineFaults: readonly DiagnosedFault[] = [
  {
    name: 'device',
    what: `every fdatasync on the machine takes ${delayMs} ms longer: of etcd and of the agent (strace)`,
    expected: ['disk-slow-device'],
    of: 'victim',
    by: 'victim',
    strike: async ({ victim }) => slowed([etcdOf(victim), victim.agentPid]),
  },
  {
    name: 'etcd-io',
    what: `every fdatasync of etcd takes ${delayMs} ms longer, of nobody else (strace)`,
    expected: ['etcd-io-limited'],
    of: 'victim',
    by: 'victim',
    strike: async ({ victim }) => slowed([etcdOf(victim)]),
  },
  {
    name: 'neighbour',
    what: `${writers} processes write files of 512 MiB and wait for the disk at the end of each (dd)`,
    expected: ['disk-slow-neighbour'],
    of: 'victim',
    by: 'victim',
    strike: async ({ ground }) => {
      const file = (index: number): string => join(ground.cluster.folder, `neighbour-${index}`);
      const loop = 'while :; do dd if=/dev/zero of="$0" bs=4M count=128 conv=fdatasync 2>/dev/null; done';
      const shells = Array.from({ length: writers }, (_, index) => spawnLoop(loop, file(index)));
      return {
        undo: () => {
          endAll(shells);
          for (let index = 0; index < writers; index += 1) rmSync(file(index), { force: true });
        },
      };
    },
  },
  {
    name: 'cpu-hog',
    what: `${hogs} processes that never rest use the CPUs`,
    expected: ['cpu-starved'],
    of: 'victim',
    by: 'victim',
    strike: async () => {
      const shells = Array.from({ length: hogs }, () => spawnLoop('while :; do :; done'));
      return { undo: () => endAll(shells) };
    },
  },
  {
    name: 'cpu-limit',
    what: 'the control group of etcd may use 3 % of a CPU',
    expected: ['cpu-throttled'],
    of: 'victim',
    by: 'victim',
    strike: async ({ victim }) => {
      const group = new ControlGroup('cpu', `diagnose-${process.pid}`);
      group.limitCpu(0.03);
      group.add(etcdOf(victim));
      return { undo: () => group.release() };
    },
  },
  {
    name: 'memory-limit',
    what: 'the control group of etcd has 48 MiB for the pages of a database of 150 MiB that is read all the time',
    expected: ['memory-pressure'],
    of: 'victim',
    by: 'victim',
    ground: { fill: '150MiB' },
    anew: true,
    strike: ({ victim }) => limited(victim, 48 * 2 ** 20),
  },
  {
    name: 'oom-kill',
    what: 'the control group of etcd has no memory for what a client reads: the kernel kills etcd, and its agent starts it again',
    expected: ['memory-pressure'],
    of: 'victim',
    by: 'victim',
    ground: { fill: '150MiB' },
    anew: true,
    strike: ({ victim }) => limited(victim, 2 * 2 ** 20),
  },
];

/** Reads for long enough that etcd's own memory grows no more, and then leaves it so much above that. */
async function limited(victim: FaultContext['victim'], aboveBytes: number): Promise<Struck> {
  const group = new ControlGroup('memory', `diagnose-${process.pid}`);
  await startedIn(group, victim);
  const reading = readAgainAndAgain(victim, { keys: 200, pauseMs: 20 });
  await sleep(warmUpMs);
  group.limitMemory(aboveBytes);
  return {
    undo: async () => {
      await reading.end();
      group.release();
    },
  };
}

function etcdOf({ name, etcdPid }: FaultContext['victim']): number {
  const pid = etcdPid();
  if (pid === undefined) throw new Error(`etcd of ${name} does not run`);
  return pid;
}

/** Has its agent start etcd again within the group: only what is taken from then on counts there. */
async function startedIn(
  group: ControlGroup,
  { agentPid, endpoint, etcdPid, killEtcd, name }: FaultContext['victim'],
): Promise<void> {
  if (agentPid === undefined) throw new Error(`the agent beside ${name} does not run`);
  group.add(agentPid);
  // Pages of the database that are in memory already count where they were read first.
  process.kill(agentPid, 'SIGSTOP');
  killEtcd();
  while (etcdPid() !== undefined) await sleep(20);
  execFileSync('sync');
  writeFileSync('/proc/sys/vm/drop_caches', '1');
  process.kill(agentPid, 'SIGCONT');
  const serves = async (): Promise<boolean> =>
    (await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined))?.ok === true;
  for (let looks = 0; etcdPid() === undefined || !(await serves()); looks += 1) {
    if (looks === 300) throw new Error(`etcd of ${name} does not come back`);
    await sleep(100);
  }
  group.takeOut(agentPid);
}

async function slowed(pids: readonly (number | undefined)[]): Promise<Struck> {
  const tracers: SlowFsync[] = [];
  for (const pid of pids) if (pid !== undefined) tracers.push(await slowFsync(pid, delayMs));
  return {
    undo: async () => {
      await Promise.all(tracers.map((each) => each.stop()));
    },
  };
}

/** In a group of its own, so that what it has started ends with it. */
function spawnLoop(script: string, ...args: readonly string[]): ChildProcess {
  const shell = spawn('sh', ['-c', script, ...args], { stdio: 'ignore', detached: true });
  running.add(shell);
  return shell;
}

const running = new Set<ChildProcess>();

process.on('exit', () => endAll([...running]));

function endAll(shells: readonly ChildProcess[]): void {
  for (const shell of shells) {
    running.delete(shell);
    try {
      if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
