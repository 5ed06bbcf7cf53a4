import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TendedMember } from '../../healing/tended-cluster.ts';
import { wipeMany } from './data-faults.ts';
import type { Fault, FaultContext, Struck } from './fault.ts';
import { killBoth, names, start } from './process-faults.ts';

/** What each agent writes down in a recovery, about: its promise, and that a step runs, or is done. Later ones are not struck at. */
const MARKS_OF_EACH = 5;
const POLL_MS = 10;
/** An agent whose recovery stands still for a minute is followed by another one, and on a busy machine all of it takes longer. */
const PATIENCE_MS = 400_000;

/** Faults in the middle of the recovery of a lost quorum. */
export const recoveryFaults: readonly Fault[] = [
  {
    name: 'recovery-leader',
    what: 'all or a majority is wiped, and the agent that leads the recovery is killed at a step of it',
    strikes: 'cluster',
    losesQuorum: true,
    patienceMs: PATIENCE_MS,
    strike: (context) => struckInRecovery(context, 'leader'),
  },
  {
    name: 'recovery-member',
    what: 'all or a majority is wiped, and an agent is killed when it has written down a step of the recovery',
    strikes: 'cluster',
    losesQuorum: true,
    patienceMs: PATIENCE_MS,
    strike: (context) => struckInRecovery(context, 'member'),
  },
  {
    name: 'recovery-all',
    what: 'all or a majority is wiped, and every agent, now and then every etcd too, is killed at a step of the recovery',
    strikes: 'cluster',
    losesQuorum: true,
    patienceMs: PATIENCE_MS,
    strike: (context) => struckInRecovery(context, 'all'),
  },
];

async function struckInRecovery(context: FaultContext, who: 'leader' | 'member' | 'all'): Promise<Struck> {
  const { ground, random } = context;
  const { members } = ground;
  const majority = Math.floor(members.length / 2) + 1;
  const wiped = random(3) === 0 ? members.length : majority;
  const at = 1 + random(MARKS_OF_EACH * members.length);
  const [lateMs, downMs, withEtcd] = [random(300), random(5000), random(2) === 0];
  const timers = new Set<NodeJS.Timeout>();
  let hit = 'no step';
  const strike = async (mark: RecoveryMark): Promise<void> => {
    const struckOnes = targets(who, mark, members);
    hit = `${mark.member}: ${mark.step} ${mark.state}; killed: ${names(struckOnes)}${who === 'all' && withEtcd ? ' with etcd' : ''}`;
    await Promise.all(struckOnes.map((member) => (who === 'all' && withEtcd ? killBoth(member) : member.killAgent())));
    timers.add(setTimeout(() => start(members), downMs));
  };
  const first = await wipeMany(context, wiped);
  const stopWatching = onMark(members, at, (mark) => timers.add(setTimeout(() => void strike(mark), lateMs)));
  return {
    get text() {
      return `${first.text}; at mark ${at} of the recovery (${hit})`;
    },
    lastsMs: first.lastsMs,
    undo: first.undo,
    settle: () => {
      stopWatching();
      for (const timer of timers) clearTimeout(timer);
      start(members);
    },
  };
}

/** Something that an agent has written down of a recovery. */
interface RecoveryMark {
  readonly member: string;
  readonly planId: string;
  readonly step: string;
  readonly state: string;
}

/** Follows what the agents write into their `recovery.json`, and calls back once, with the mark of this number. */
function onMark(members: readonly TendedMember[], at: number, told: (mark: RecoveryMark) => void): () => void {
  const nameOf = ({ member, planId, step, state }: RecoveryMark): string => `${member} ${planId} ${step} ${state}`;
  const seen = new Set(members.flatMap(marksOf).map(nameOf));
  const before = seen.size;
  const timer = setInterval(() => {
    for (const mark of members.flatMap(marksOf)) {
      if (seen.has(nameOf(mark))) continue;
      seen.add(nameOf(mark));
      if (seen.size - before !== at) continue;
      clearInterval(timer);
      told(mark);
      return;
    }
  }, POLL_MS);
  return () => clearInterval(timer);
}

function marksOf({ name: member, stateDir }: TendedMember): readonly RecoveryMark[] {
  try {
    const { promise } = JSON.parse(readFileSync(join(stateDir, 'recovery.json'), 'utf8')) as {
      readonly promise?: { readonly planId: string; readonly steps: Readonly<Record<string, { state: string }>> };
    };
    if (promise === undefined) return [];
    const { planId, steps } = promise;
    const made = Object.entries(steps).map(([step, { state }]) => ({ member, planId, step, state }));
    return [{ member, planId, step: 'promise', state: 'given' }, ...made];
  } catch {
    return [];
  }
}

/** Whoever has said last that it began this plan leads. */
function targets(
  who: 'leader' | 'member' | 'all',
  { member, planId }: RecoveryMark,
  members: readonly TendedMember[],
): readonly TendedMember[] {
  if (who === 'all') return members;
  const begun = (each: TendedMember): string =>
    each
      .agentLog()
      .split('\n')
      .findLast((line) => line.includes('"event":"recovery begun"') && line.includes(planId)) ?? '';
  const timeOf = (line: string): string => /"time":"([^"]*)"/.exec(line)?.[1] ?? '';
  const [leader] = members.toSorted((a, b) => (timeOf(begun(a)) < timeOf(begun(b)) ? 1 : -1));
  const own = members.filter(({ name }) => name === member);
  return who === 'leader' && leader !== undefined ? [leader] : own;
}
