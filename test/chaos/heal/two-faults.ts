import type { TendedMember } from '../../healing/tended-cluster.ts';
import type { Fault, FaultContext, Struck } from './fault.ts';
import { killBoth, names, signalTo, start } from './process-faults.ts';

/** Two members at once, by different faults; with five members the others are a majority. */
export const twoFaults: readonly Fault[] = [
  {
    name: 'two-mend',
    what: 'of five members one is killed with its agent, and another is stopped or cut off for some seconds',
    strikes: 'member',
    alone: true,
    needs: 'five-members',
    strike: (context) => two(context, 'killed', (member) => killBoth(member)),
  },
  {
    name: 'wipe-and-mend',
    what: 'of five members one is wiped, and another is killed, stopped or cut off for some seconds',
    strikes: 'member',
    alone: true,
    needs: 'five-members',
    strike: (context) =>
      two(context, 'wiped', async (member) => {
        await killBoth(member);
        await member.wipeData();
      }),
  },
];

async function two(
  context: FaultContext,
  done: string,
  strikeFirst: (member: TendedMember) => Promise<void>,
): Promise<Struck> {
  const { ground, victims, random } = context;
  const { members } = ground;
  const [first] = victims;
  const second =
    members[(members.findIndex(({ name }) => name === first?.name) + 1 + random(members.length - 1)) % members.length];
  if (first === undefined || second === undefined) throw new Error('there are no two members');
  const other = await troubled(second, context);
  await strikeFirst(first);
  return {
    text: `${first.name} ${done}, ${other.text}`,
    lastsMs: 1000 + random(10_000),
    undo: async () => {
      // The wiped one first, now and then: what is done about it begins while the other one is away.
      if (random(2) === 0) await other.undo();
      start([first]);
      await other.undo();
    },
  };
}

/** Something that the member gets over by itself. */
async function troubled(
  member: TendedMember,
  { ground, random }: FaultContext,
): Promise<Pick<Struck, 'text' | 'undo'>> {
  const { links, members } = ground;
  switch (random(3)) {
    case 0: {
      await killBoth(member);
      return { text: `${member.name} killed`, undo: () => start([member]) };
    }
    case 1: {
      const pid = member.etcdPid();
      if (pid !== undefined) signalTo(pid, 'SIGSTOP');
      return { text: `${member.name} stopped`, undo: () => (pid === undefined ? undefined : signalTo(pid, 'SIGCONT')) };
    }
    default: {
      const others = members.filter(({ name }) => name !== member.name);
      for (const other of others) {
        links.lose(member.name, other.name);
        links.lose(other.name, member.name);
      }
      return { text: `${names([member])} cut off`, undo: () => links.heal() };
    }
  }
}
