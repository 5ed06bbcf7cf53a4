import { setTimeout as sleep } from 'node:timers/promises';
import { moveLeader } from '../../../src/etcd/maintenance-calls.ts';
import type { Fault } from '../../backup/store/fault-proxy.ts';
import type { ChaosAgent } from '../chaos-agent.ts';
import type { Ground } from './ground.ts';

type Random = (below: number) => number;

/** Something that goes wrong, and has gone right again when it comes back. */
type Trouble = (ground: Ground, random: Random) => Promise<void>;

/** What was done to a ground, counted. */
export type Troubles = Map<string, number>;

const AGENTS: Readonly<Record<string, Trouble>> = {
  'kill-leader': async (ground, random) => {
    const agent = await leading(ground);
    await killFor(agent, random(3000));
  },
  'kill-agent': ({ agents }, random) => killFor(agents[random(agents.length)], random(2000)),
  'kill-all-agents': async ({ agents }, random) => {
    await Promise.all(agents.map((agent) => agent.kill()));
    await sleep(random(1500));
    await Promise.all(agents.map((agent) => agent.start()));
  },
  // Longer than its lease: another one leads when it goes on.
  'stop-leader': async (ground, random) => {
    const agent = await leading(ground);
    agent?.stop();
    await sleep(4000 + random(2000));
    agent?.resume();
  },
};

const MEMBERS: Readonly<Record<string, Trouble>> = {
  'kill-member': async ({ cluster: { members } }, random) => {
    const member = members[random(members.length)];
    await member?.kill();
    await sleep(random(2500));
    await member?.start();
  },
  'kill-all-members': async ({ cluster: { members } }, random) => {
    await Promise.all(members.map((member) => member.kill()));
    await sleep(random(500));
    await Promise.all(members.map((member) => member.start()));
  },
  'move-raft-leader': async ({ clients }, random) => {
    const leader = await clients[0]?.status();
    const at = clients[random(clients.length)];
    const target = await at?.status();
    const from = await Promise.all(clients.map(async (client) => [client, await client.status()] as const));
    const now = from.find(([, { header, leaderId }]) => header.memberId === leaderId);
    if (now === undefined || target === undefined || leader?.leaderId === target.header.memberId) return;
    await moveLeader(now[0], target.header.memberId);
  },
};

const BUCKET_FAULTS: readonly Fault[] = [
  'reset',
  'cut-request',
  'status-500',
  'status-503',
  'page-200',
  'lose-answer',
  'cut-answer',
  'slow-answer',
];

const STORES: Readonly<Record<string, Trouble>> = {
  'folder-away': async ({ flakyFolder }, random) => {
    await flakyFolder?.go();
    await sleep(random(3000));
    await flakyFolder?.come();
  },
  'bucket-away': async ({ bucket }, random) => {
    await bucket?.down();
    await sleep(random(3000));
    await bucket?.up();
  },
  'bucket-faults': async ({ bucket }, random) => {
    bucket?.faults(() => (random(3) === 0 ? (BUCKET_FAULTS[random(BUCKET_FAULTS.length)] ?? 'none') : 'none'));
    await sleep(1000 + random(3000));
    bucket?.faults(() => 'none');
  },
};

/** Lets things go wrong until the signal is aborted: agents, members and stores each on their own, so also together. */
export async function makeTrouble(ground: Ground, random: Random, signal: AbortSignal): Promise<Troubles> {
  const done: Troubles = new Map();
  const run = async (kinds: Readonly<Record<string, Trouble>>, pauseMs: number): Promise<void> => {
    const names = Object.keys(kinds).filter((name) => mayBe(ground, name));
    while (!signal.aborted && names.length > 0) {
      await sleep(500 + random(pauseMs), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const name = names[random(names.length)] ?? '';
      // A member that is away cannot be asked for its leader; what was taken away has come back all the same.
      await kinds[name]?.(ground, random).catch(() => undefined);
      done.set(name, (done.get(name) ?? 0) + 1);
    }
  };
  await Promise.all([run(AGENTS, 5000), run(MEMBERS, 4000), run(STORES, 4000)]);
  return done;
}

/** Everything is there again after this. */
export async function makePeace({ agents, cluster, bucket, flakyFolder }: Ground): Promise<void> {
  bucket?.faults(() => 'none');
  await flakyFolder?.come();
  await Promise.all(cluster.members.map((member) => member.start()));
  await Promise.all(agents.map((agent) => agent.start()));
}

function mayBe({ bucket, flakyFolder }: Ground, name: string): boolean {
  if (name.startsWith('bucket')) return bucket !== undefined;
  return !name.startsWith('folder') || flakyFolder !== undefined;
}

async function killFor(agent: ChaosAgent | undefined, ms: number): Promise<void> {
  await agent?.kill();
  await sleep(ms);
  await agent?.start();
}

/** The agent that says that it leads; where none does, any. */
async function leading({ agents }: Ground): Promise<ChaosAgent | undefined> {
  const answers = await Promise.all(
    agents.map(async (agent) => {
      const answer = await fetch(`${agent.url}/api/v1/observation`, { signal: AbortSignal.timeout(2000) });
      const { caretaking } = (await answer.json()) as { readonly caretaking?: { readonly leads: boolean } };
      return caretaking?.leads === true ? agent : undefined;
    }),
  ).catch(() => []);
  return answers.find((agent) => agent !== undefined) ?? agents[0];
}
