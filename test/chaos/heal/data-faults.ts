import { existsSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TendedMember } from '../../healing/tended-cluster.ts';
import type { Fault, FaultContext, Struck } from './fault.ts';
import { killBoth, names, start, struck } from './process-faults.ts';

const MEBIBYTE = 2 ** 20;
/** A database grows by 16 MiB at a time. */
const GROWTH_VALUES = 18;

/** Faults of disks: data that are gone, changed, or find no room. */
export const dataFaults: readonly Fault[] = [
  {
    name: 'wipe',
    what: 'a machine comes back with an empty data dir',
    strikes: 'member',
    alone: true,
    strike: async ({ victims, random }) => {
      for (const victim of victims) await wipe(victim);
      return { ...struck(`data of ${names(victims)} wiped`, random(2000)), undo: () => start(victims) };
    },
  },
  {
    name: 'wipe-running',
    what: 'the data dir goes while etcd runs on it',
    strikes: 'member',
    alone: true,
    strike: async ({ victims }) => {
      for (const victim of victims) await victim.wipeData();
      return {
        ...struck(`data of ${names(victims)} removed under the running etcd`),
        unmended: () =>
          victims
            .map(({ name, dataDir }) =>
              existsSync(join(dataDir, 'member', 'wal')) ? undefined : `${name} has no data dir`,
            )
            .find((each) => each !== undefined),
      };
    },
  },
  {
    name: 'wipe-machine',
    what: 'the machine comes back empty: data dir and all that the agent remembered are gone',
    strikes: 'member',
    alone: true,
    strike: async ({ victims, random }) => {
      for (const victim of victims) {
        await killBoth(victim);
        await victim.wipeMachine();
      }
      return { ...struck(`machine of ${names(victims)} emptied`, random(12_000)), undo: () => start(victims) };
    },
  },
  {
    name: 'flip-database',
    what: 'bits are flipped in the database of a stopped member',
    strikes: 'member',
    alone: true,
    strike: (context) => flipped(context, 'database'),
  },
  {
    name: 'flip-wal',
    what: 'bits are flipped in the WAL of a stopped member',
    strikes: 'member',
    alone: true,
    strike: (context) => flipped(context, 'wal'),
  },
  {
    name: 'disk-full',
    what: 'the file system of the data dir is full for a while',
    strikes: 'member',
    needs: 'small-disk',
    strike: async ({ ground, random }) => {
      const { smallDisk } = ground;
      if (smallDisk === undefined) throw new Error('there is no small disk');
      const { member, disk } = smallDisk;
      const pid = ground.cluster.member(member).etcdPid();
      const filledBytes = disk.fill();
      // What etcd has allocated already would do for a while: its database has to grow.
      const other = ground.clients[0];
      for (let index = 0; index < GROWTH_VALUES; index += 1) {
        await other?.put(Buffer.from('chaos/growth'), Buffer.alloc(MEBIBYTE, index)).catch(() => undefined);
      }
      let ended = 'went on';
      return {
        get text() {
          return `disk of ${member} filled with ${filledBytes} bytes, its etcd ${ended}`;
        },
        lastsMs: 4000 + random(8000),
        undo: () => {
          if (ground.cluster.member(member).etcdPid() !== pid) ended = 'ended';
          disk.empty();
        },
      };
    },
  },
  {
    name: 'wipe-majority',
    what: 'everything is killed, and of a majority the data are gone',
    strikes: 'cluster',
    losesQuorum: true,
    strike: (context) => wipeMany(context, Math.floor(context.ground.members.length / 2) + 1),
  },
  {
    name: 'wipe-all',
    what: 'everything is killed, and all data are gone',
    strikes: 'cluster',
    losesQuorum: true,
    strike: (context) => wipeMany(context, context.ground.members.length),
  },
  {
    name: 'nospace',
    what: 'the quota of the database is used up, by history that nobody needs',
    strikes: 'cluster',
    needs: 'small-quota',
    strike: async ({ ground, signal }) => {
      const value = Buffer.alloc(512 * 1024, 'x');
      for (let index = 0; index < 400 && !signal.aborted; index += 1) {
        const client = ground.clients[index % ground.clients.length];
        const full = await client?.put(Buffer.from('chaos/filler'), value, signal).then(
          () => false,
          (error: unknown) => String(error).includes('space') || (error as { code?: string }).code === 'ETCD_NOSPACE',
        );
        if (full === true) return struck(`quota full after ${index} values of 512 KiB`);
      }
      return struck('quota not filled');
    },
  },
];

/** Kills everything, and takes the data of so many. */
export async function wipeMany(
  { ground: { members }, random, quorumGoes }: FaultContext,
  count: number,
): Promise<Struck> {
  const first = random(members.length);
  const struckOnes = members.map((_, index) => members[(first + index) % members.length]).flatMap((each) => each ?? []);
  quorumGoes();
  await Promise.all(members.map(killBoth));
  for (const member of struckOnes.slice(0, count)) await member.wipeData();
  return {
    ...struck(`everything killed, data of ${names(struckOnes.slice(0, count))} wiped`),
    undo: () => start(members),
  };
}

async function wipe(victim: TendedMember): Promise<void> {
  await killBoth(victim);
  await victim.wipeData();
}

async function flipped({ victims, random }: FaultContext, part: 'database' | 'wal'): Promise<Struck> {
  const flips: string[] = [];
  for (const victim of victims) {
    await killBoth(victim);
    flips.push(`${victim.name} ${await flipBits(victim.dataDir, part, random)}`);
  }
  return { ...struck(`bits flipped: ${flips.join('; ')}`), undo: () => start(victims) };
}

/** A few bits in the part of the file that is in use; says where. */
async function flipBits(dataDir: string, part: 'database' | 'wal', random: (below: number) => number): Promise<string> {
  const folder = join(dataDir, 'member', part === 'wal' ? 'wal' : 'snap');
  const ends = part === 'wal' ? '.wal' : 'db';
  const [name] = (await readdir(folder))
    .filter((each) => each.endsWith(ends))
    .toSorted()
    .slice(-1);
  if (name === undefined) return `nothing: ${folder} holds no ${part}`;
  const file = join(folder, name);
  const usedBytes = part === 'wal' ? await usedBytesOf(file) : (await stat(file)).size;
  const handle = await open(file, 'r+');
  try {
    const offsets = Array.from({ length: 1 + random(8) }, () => random(usedBytes));
    for (const offset of offsets) {
      const one = Buffer.alloc(1);
      await handle.read(one, 0, 1, offset);
      one[0] = (one[0] ?? 0) ^ (1 << random(8));
      await handle.write(one, 0, 1, offset);
    }
    await handle.sync();
    return `${name} at ${offsets.join(', ')} of ${usedBytes}`;
  } finally {
    await handle.close();
  }
}

/** A WAL is as long as it may become; what is not written yet is zero. */
async function usedBytesOf(file: string): Promise<number> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const content = Buffer.alloc(size);
    await handle.read(content, 0, size, 0);
    let used = size;
    while (used > 1 && content[used - 1] === 0) used -= 1;
    return used;
  } finally {
    await handle.close();
  }
}
