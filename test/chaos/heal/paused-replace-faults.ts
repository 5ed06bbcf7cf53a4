import type { TendedMember } from '../../healing/tended-cluster.ts';
import { etcdsOn } from '../../healing/tended-processes.ts';
import { until } from '../waiting.ts';
import type { Fault, FaultContext, Struck } from './fault.ts';
import { signalTo } from './process-faults.ts';

/** Steps until its own agent ends it (`fence`), about; and so long it goes on by itself where none comes. */
const STEPS = 4;
const LONGEST_MS = 60_000;

/** A member that is replaced while its etcd is stopped, and goes on in the middle of that. */
export const pausedReplaceFaults: readonly Fault[] = [
  {
    name: 'pause-and-replace',
    what: 'etcd is stopped (SIGSTOP), a person has it replaced, and it goes on at a step of that',
    strikes: 'member',
    alone: true,
    strike: (context) =>
      pausedUntilStep(context, async (victim) => context.ground.cluster.request('replace', victim.name)),
  },
  {
    name: 'pause-and-wipe',
    what: 'etcd is stopped (SIGSTOP), its data dir goes, so that it is replaced, and it goes on at a step of that',
    strikes: 'member',
    alone: true,
    strike: (context) => pausedUntilStep(context, (victim) => victim.wipeData()),
  },
];

async function pausedUntilStep(
  { ground, victims, random }: FaultContext,
  cause: (victim: TendedMember) => Promise<void>,
): Promise<Struck> {
  const [victim] = victims;
  const pid = victim?.etcdPid();
  if (victim === undefined || pid === undefined) throw new Error('there is no victim, or its etcd does not run');
  const at = 1 + random(STEPS);
  let seen = 0;
  let hit: string | undefined;
  const goOn = (why: string): void => {
    // Whoever has ended it before was faster.
    const isThere = victim.etcdPid() === pid;
    hit = `${why}, ${isThere ? 'it went on' : 'it had ended'}`;
    if (isThere) signalTo(pid, 'SIGCONT');
  };
  const stopListening = ground.journal.onStep(({ operation, name }) => {
    if (operation !== 'replace' && operation !== 'join') return;
    seen += 1;
    if (seen === at) goOn(`${operation}: ${name}`);
  });
  const begunMs = performance.now();
  signalTo(pid, 'SIGSTOP');
  try {
    // An agent on a busy machine may not answer the first time.
    await until('it cannot be had replaced', () => cause(victim).then(() => undefined));
  } catch (error) {
    signalTo(pid, 'SIGCONT');
    throw error;
  }
  return {
    get text() {
      return `etcd of ${victim.name} stopped and replaced, to go on at step ${at} (${hit ?? 'still stopped'})`;
    },
    lastsMs: 0,
    undo: () => undefined,
    unmended: () => {
      if (hit === undefined && victim.etcdPid() !== pid) hit = 'it ended before';
      if (hit === undefined && performance.now() - begunMs > LONGEST_MS) goOn(`after ${seen} steps`);
      if (hit === undefined) return `etcd of ${victim.name} is stopped still`;
      const running = etcdsOn(victim.dataDir).length;
      return running === 1 ? undefined : `${running} etcds run on the data dir of ${victim.name}`;
    },
    settle: () => {
      stopListening();
      if (hit === undefined) signalTo(pid, 'SIGCONT');
    },
  };
}
