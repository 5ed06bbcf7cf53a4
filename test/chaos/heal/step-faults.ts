import type { TendedMember } from '../../healing/tended-cluster.ts';
import type { Fault, FaultContext, Struck } from './fault.ts';
import { killBoth, start } from './process-faults.ts';

/** How many steps of a replacement are struck at: later ones count as the last. */
const STEPS = 10;

/** Faults in the middle of what agents do about another fault. */
export const stepFaults: readonly Fault[] = [
  {
    name: 'leader-at-step',
    what: 'a member is wiped, and the leading agent is killed when a step of the replacement is journaled',
    strikes: 'member',
    strike: (context) => struckAtStep(context, 'leader'),
  },
  {
    name: 'victim-at-step',
    what: 'a member is wiped, and its own agent is killed when a step of the replacement is journaled',
    strikes: 'member',
    strike: (context) => struckAtStep(context, 'victim'),
  },
  {
    name: 'etcd-at-step',
    what: 'a member is wiped, and its new etcd is killed when a step of the replacement is journaled',
    strikes: 'member',
    strike: (context) => struckAtStep(context, 'etcd'),
  },
];

async function struckAtStep(context: FaultContext, who: 'leader' | 'victim' | 'etcd'): Promise<Struck> {
  const { ground, random, victims } = context;
  const [victim] = victims;
  if (victim === undefined) throw new Error('there is no victim');
  const at = 1 + random(STEPS);
  const downMs = random(5000);
  const timers = new Set<NodeJS.Timeout>();
  let seen = 0;
  let hit = 'no step';
  const stopListening = ground.journal.onStep(({ operation, name }) => {
    if (operation !== 'replace' && operation !== 'join') return;
    seen += 1;
    if (seen !== at) return;
    hit = `${operation}: ${name}`;
    const target = who === 'leader' ? leading(context, victim) : victim;
    if (who === 'etcd') {
      target.killEtcd();
      return;
    }
    const again = (): void => target.startAgent();
    target.killAgent().then(() => timers.add(setTimeout(again, downMs)), again);
  });
  await killBoth(victim);
  await victim.wipeData();
  start([victim]);
  return {
    get text() {
      return `${victim.name} wiped, ${who} killed at step ${at} (${hit})`;
    },
    lastsMs: 0,
    undo: () => undefined,
    settle: () => {
      stopListening();
      for (const timer of timers) clearTimeout(timer);
      start(ground.members);
    },
  };
}

function leading({ ground }: FaultContext, otherwise: TendedMember): TendedMember {
  const name = ground.leader();
  return ground.members.find((member) => member.name === name) ?? otherwise;
}
