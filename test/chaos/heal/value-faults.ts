import { setTimeout as sleep } from 'node:timers/promises';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { TendedMember } from '../../healing/tended-cluster.ts';
import { changeInDatabase } from '../../real/change-in-database.ts';
import type { Fault, FaultContext, Struck } from './fault.ts';
import { killBoth, start, struck } from './process-faults.ts';

/** Etcd writes its database each 100 ms, on a busy machine later. */
const COMMITTED_MS = 1500;
const ASK_AGAIN_MS = 20_000;
const KEY = Buffer.from('chaos/value');

/** A value that has changed on the disk in such a way that etcd starts with it and does not know: pages have no checksum. */
export const valueFaults: readonly Fault[] = [
  {
    name: 'flip-value-start',
    what: "a value in the database of a stopped member is changed, and etcd's comparison at its start finds it",
    strikes: 'member',
    alone: true,
    strike: (context) => flippedValue(context),
  },
  {
    name: 'flip-value',
    what: "a value in the database of a stopped member is changed, and etcd's own comparison raises CORRUPT (a run of its own)",
    strikes: 'member',
    alone: true,
    apart: 'compares',
    strike: (context) => flippedValue(context),
  },
  {
    name: 'flip-value-asked',
    what: 'a value in the database of a stopped member is changed, and a person asks for a hash check (a run of its own)',
    strikes: 'member',
    alone: true,
    apart: 'compares-not',
    strike: async (context) => {
      const changed = await flippedValue(context);
      let askedAtMs = Number.NEGATIVE_INFINITY;
      return {
        ...changed,
        unmended: async () => {
          const what = await changed.unmended?.();
          const { snapshot } = context.ground.journal;
          const isFree = snapshot?.connected === true && snapshot.slotRevision === 0n;
          if (what !== undefined && isFree && performance.now() - askedAtMs > ASK_AGAIN_MS) {
            askedAtMs = performance.now();
            await context.ground.cluster.request('hash-check');
          }
          return what;
        },
      };
    },
  },
];

async function flippedValue({ ground, victims, random }: FaultContext): Promise<Struck> {
  const [victim] = victims;
  const [other] = ground.members.filter(({ name }) => name !== victim?.name);
  if (victim === undefined || other === undefined) throw new Error('there is no victim');
  const right = Buffer.from(Array.from({ length: 12 }, () => random(2 ** 30).toString(36)).join('-'));
  const client = ground.clients[ground.members.indexOf(other)];
  if (client === undefined) throw new Error(`no client of ${other.name}`);
  await client.put(KEY, right);
  await sleep(COMMITTED_MS);
  await killBoth(victim);
  const times = await changeInDatabase(victim.dataDir, right);
  return {
    ...struck(`a value in the database of ${victim.name} changed ${times} times`),
    undo: () => start([victim]),
    unmended: async () => {
      if (times === 0) return undefined;
      const value = await ownValue(victim);
      return value.equals(right) ? undefined : `${victim.name} holds ${value.toString('latin1').slice(0, 20)} still`;
    },
  };
}

/** As the member itself has it. */
async function ownValue({ name, endpoint }: TendedMember): Promise<Buffer> {
  const client = new MemberClient({ member: name, endpoint, callTimeoutMs: 2000 });
  try {
    const { kvs } = await client.range({ key: KEY, serializable: true });
    return kvs[0]?.value ?? Buffer.alloc(0);
  } finally {
    client.close();
  }
}
