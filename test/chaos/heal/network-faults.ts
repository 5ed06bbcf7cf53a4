import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultContext, Struck } from './fault.ts';
import { names, struck } from './process-faults.ts';

/** Faults of the network between the machines, for etcd and agents alike. */
export const networkFaults: readonly Fault[] = [
  partition('partition', 'a machine and the others do not reach each other', ['to', 'from']),
  partition('partition-in', 'nothing reaches a machine, which reaches the others', ['to']),
  partition('partition-out', 'a machine reaches nobody, while the others reach it', ['from']),
  {
    name: 'flapping',
    what: 'the link of a machine goes and comes back several times',
    strikes: 'member',
    needs: 'links',
    strike: async (context) => {
      const { ground, random, signal, victims } = context;
      const times = 3 + random(4);
      for (let turn = 0; turn < times && !signal.aborted; turn += 1) {
        cut(context, ['to', 'from']);
        await sleep(300 + random(1700), undefined, { signal }).catch(() => undefined);
        ground.links.heal();
        await sleep(300 + random(1700), undefined, { signal }).catch(() => undefined);
      }
      return struck(`link of ${names(victims)} went ${times} times`);
    },
  },
  {
    name: 'delay',
    what: 'everything to and from a machine takes 20 to 300 ms longer each way',
    strikes: 'member',
    needs: 'links',
    strike: async ({ ground: { links, members }, victims, random }) => {
      const delayMs = 20 + random(280);
      for (const victim of victims) {
        for (const other of members) {
          if (other.name === victim.name) continue;
          links.delay(victim.name, other.name, delayMs);
          links.delay(other.name, victim.name, delayMs);
        }
      }
      return {
        ...struck(`links of ${names(victims)} slower by ${delayMs} ms`, 4000 + random(8000)),
        undo: () => links.heal(),
      };
    },
  },
];

type Way = 'to' | 'from';

function partition(name: string, what: string, ways: readonly Way[]): Fault {
  return {
    name,
    what,
    strikes: 'member',
    needs: 'links',
    strike: async (context): Promise<Struck> => {
      const { ground, random, victims } = context;
      cut(context, ways);
      const lastsMs = 2000 + random(18_000);
      const text = `link of ${names(victims)} cut (${ways.join(' and ')}) for ${(lastsMs / 1000).toFixed(1)} s`;
      return { text, lastsMs, undo: () => ground.links.heal() };
    },
  };
}

function cut({ ground: { links, members }, victims }: FaultContext, ways: readonly Way[]): void {
  for (const victim of victims) {
    for (const other of members) {
      if (other.name === victim.name) continue;
      if (ways.includes('to')) links.lose(other.name, victim.name);
      if (ways.includes('from')) links.lose(victim.name, other.name);
    }
  }
}
